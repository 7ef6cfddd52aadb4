from itertools import combinations

import numpy as np
import pytest

from hbac_assets.scoring.experts import expert_divergences, worth
from hbac_assets.scoring.floor import fit_dirichlet
from hbac_assets.scoring.metric import kl_divergence

PRIOR = np.array([0.05, 0.19, 0.12, 0.08, 0.09, 0.47])


def drawn_votes(rows: int, count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    probabilities = random.dirichlet(1.3 * PRIOR, rows)
    return random.multinomial(count, probabilities), probabilities


@pytest.mark.parametrize("known", [0, 1, 3, 9])
def test_all_subsets_by_hand(known: int) -> None:
    """The difference from a model, both scored on the remaining votes of each subset, is that of the values given."""
    votes, _ = drawn_votes(30, 11)
    alpha, model = fit_dirichlet(votes), PRIOR[::-1]
    of_row = votes[0]
    single = np.repeat(np.arange(6), of_row)
    differences = []
    for subset in combinations(range(11), known):
        seen = np.bincount(single[list(subset)].astype(int), minlength=6)
        rest = (of_row - seen)[None] / (11 - known)
        experts = (alpha + seen)[None] / (alpha.sum() + known)
        differences.append((kl_divergence(rest, experts) - kl_divergence(rest, model[None]))[0])
    found = expert_divergences(votes)[0, known] - kl_divergence(of_row[None] / 11, model[None])[0]
    assert found == pytest.approx(np.mean(differences), abs=1e-9)


def test_k_votes_are_worth_k_experts_on_other_votes() -> None:
    """Whoever knows k other votes of a row and the prior scores what is said of k experts."""
    random = np.random.default_rng(1)
    votes, probabilities = drawn_votes(20_000, 12)
    by_experts = expert_divergences(votes).mean(axis=0)
    alpha = 1.3 * PRIOR
    for known in (0, 2, 6):
        seen = random.multinomial(known, probabilities)
        model = (alpha + seen) / (alpha.sum() + known)
        kl = kl_divergence(votes / 12, model).mean()
        assert kl == pytest.approx(by_experts[known], abs=0.01)
        assert worth(kl, by_experts) == pytest.approx(known, abs=0.15)


def test_more_votes_predict_better_and_rows_with_few_votes_do_not_count() -> None:
    many, few = drawn_votes(500, 14)[0], drawn_votes(50, 9)[0]
    found = expert_divergences(np.concatenate([few, many]))
    assert np.isnan(found[:50]).all()
    np.testing.assert_array_equal(found[50:], expert_divergences(many))
    assert (np.diff(found[50:].mean(axis=0)) < 0).all()
    assert np.isnan(expert_divergences(few)).all()


def test_worth_by_hand() -> None:
    by_experts = np.array([0.9, 0.6, 0.5, 0.45, 0.4, 0.35, 0.3, 0.28, 0.26, 0.25])
    assert worth(0.6, by_experts) == 1
    assert worth(0.57, by_experts) == pytest.approx(1.3)
    assert worth(1.2, by_experts) == 0
    assert worth(0.1, by_experts) == 9
    assert np.isnan(worth(float("nan"), by_experts))
    assert np.isnan(worth(0.5, np.full(10, np.nan)))
