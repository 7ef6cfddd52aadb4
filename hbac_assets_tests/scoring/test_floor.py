import numpy as np
import pandas as pd
import pytest

from hbac_assets.labels import PROBABILITY_COLUMNS, VOTE_COLUMNS
from hbac_assets.scoring.floor import fit_dirichlet, vote_floor
from hbac_assets.scoring.metric import kl_divergence
from hbac_assets.synthetic.recordings import plan
from hbac_assets.synthetic.settings import SyntheticSettings
from hbac_assets.synthetic.tables import truth_table

PRIOR = np.array([0.05, 0.19, 0.12, 0.08, 0.09, 0.47])


@pytest.fixture(scope="module")
def synthetic() -> pd.DataFrame:
    """The true probabilities and the votes of the training set that `make run` generates."""
    return truth_table([one for one in plan(SyntheticSettings()) if one.split == "train"])


def floor_of(votes: np.ndarray, probabilities: np.ndarray) -> tuple[float, float, float, float]:
    """The true floor, both estimates and their middle, over all rows."""
    truth = kl_divergence(votes / votes.sum(axis=1, keepdims=True), probabilities)
    found = vote_floor(votes)
    return truth.mean(), found.grassberger.mean(), found.dirichlet.mean(), found.middle.mean()


@pytest.mark.parametrize(
    ("least", "most", "lowest", "highest"), [(1, 28, 0.85, 1.35), (3, 9, 1.1, 1.7), (10, 28, 0.9, 1.1)]
)
def test_estimates_bracket_the_truth_of_the_synthetic_set(
    synthetic: pd.DataFrame, least: int, most: int, lowest: float, highest: float
) -> None:
    votes, probabilities = synthetic[list(VOTE_COLUMNS)].to_numpy(), synthetic[list(PROBABILITY_COLUMNS)].to_numpy()
    rows = (votes.sum(axis=1) >= least) & (votes.sum(axis=1) <= most)
    truth, grassberger, dirichlet, middle = floor_of(votes[rows], probabilities[rows])
    assert dirichlet < truth < grassberger
    assert lowest < middle / truth < highest


@pytest.mark.parametrize("count", range(2, 29))
def test_stated_bounds_at_each_number_of_votes(synthetic: pd.DataFrame, count: int) -> None:
    random = np.random.default_rng(count)
    probabilities = np.tile(synthetic.drop_duplicates("eeg_id")[list(PROBABILITY_COLUMNS)].to_numpy(), (8, 1))
    truth, grassberger, dirichlet, middle = floor_of(random.multinomial(count, probabilities), probabilities)
    assert 0.92 < grassberger / truth < 1.8
    assert 0.74 < dirichlet / truth < 0.93
    assert 0.87 < middle / truth < 1.35


@pytest.mark.parametrize("concentration", [0.5, 1.2, 3.0])
@pytest.mark.parametrize("count", [2, 3, 4, 7, 10, 15, 28])
def test_stated_bounds_on_dirichlet_probabilities(concentration: float, count: int) -> None:
    random = np.random.default_rng(count)
    probabilities = random.dirichlet(concentration * PRIOR, 6000)
    truth, grassberger, dirichlet, middle = floor_of(random.multinomial(count, probabilities), probabilities)
    assert 1.0 < grassberger / truth < 2.35
    assert dirichlet == pytest.approx(truth, rel=0.08)
    assert 1.0 < middle / truth < 1.7


def test_one_vote_leans_on_the_rows_with_two() -> None:
    random = np.random.default_rng(0)
    counts = np.repeat([1, 2], 5000)
    probabilities = random.dirichlet(1.2 * PRIOR, 10_000)
    votes = random.multinomial(counts, probabilities)
    found = vote_floor(votes)
    np.testing.assert_array_equal(found.grassberger[counts == 1], found.dirichlet[counts == 1])
    truth = kl_divergence(votes / counts[:, None], probabilities)
    assert found.middle[counts == 1].mean() == pytest.approx(truth[counts == 1].mean(), rel=0.1)


def test_single_votes_alone_have_no_floor() -> None:
    found = vote_floor(np.eye(6, dtype=int)[[0, 5, 5, 1]])
    assert np.isnan([found.grassberger, found.dirichlet, found.middle]).all()


def test_grassberger_by_his_integral() -> None:
    from scipy.integrate import quad
    from scipy.special import entr, psi

    def series(number: int) -> float:
        integral = quad(lambda x: x ** (number - 1) / (1 + x), 0, 1)[0]
        return float(psi(number) + (-1) ** number * integral)

    votes = np.array([[3, 4, 0, 0, 1, 6], [0, 12, 0, 0, 0, 0]])
    expected = [
        np.log(row.sum()) - sum(one * series(one) for one in row if one) / row.sum() - entr(row / row.sum()).sum()
        for row in votes
    ]
    np.testing.assert_allclose(vote_floor(votes).grassberger, expected)


def test_dirichlet_by_drawing_from_the_posterior() -> None:
    from scipy.special import entr

    random = np.random.default_rng(1)
    votes = random.multinomial(12, random.dirichlet(1.2 * PRIOR, 300))
    drawn = random.dirichlet(fit_dirichlet(votes) + votes[0], 100_000)
    expected = entr(drawn).sum(axis=1).mean() - entr(votes[0] / 12).sum()
    assert vote_floor(votes).dirichlet[0] == pytest.approx(expected, abs=0.005)


def test_fitted_dirichlet_is_the_most_likely() -> None:
    from scipy.stats import dirichlet_multinomial

    random = np.random.default_rng(2)
    planted = 1.5 * PRIOR
    counts = random.integers(10, 20, 4000)
    votes = random.multinomial(counts, random.dirichlet(planted, 4000))
    found = fit_dirichlet(votes)
    np.testing.assert_allclose(found, planted, rtol=0.1)
    best = dirichlet_multinomial.logpmf(votes, found, counts).sum()
    for place in range(6):
        for factor in (0.97, 1.03):
            other = np.where(np.arange(6) == place, found * factor, found)
            assert dirichlet_multinomial.logpmf(votes, other, counts).sum() < best


def test_each_vote_slice_has_a_distribution_of_its_own() -> None:
    random = np.random.default_rng(3)
    sure, doubtful = random.dirichlet(0.3 * PRIOR, 500), random.dirichlet(5 * PRIOR, 500)
    few, many = random.multinomial(5, sure), random.multinomial(15, doubtful)
    together = vote_floor(np.concatenate([few, many]))
    np.testing.assert_allclose(together.dirichlet[:500], vote_floor(few).dirichlet)
    np.testing.assert_allclose(together.dirichlet[500:], vote_floor(many).dirichlet)


def test_a_class_without_votes_and_a_table_of_one_row_are_no_errors() -> None:
    votes = np.array([[0, 5, 0, 0, 0, 7]])
    found = vote_floor(votes)
    assert np.isfinite([found.grassberger, found.dirichlet]).all()
