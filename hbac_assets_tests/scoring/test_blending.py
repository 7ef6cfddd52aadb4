"""Blends learn what can be learned, and never from the rows that they are scored on."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from hbac_assets.scoring.blending import METHODS, Blend, compare, learned_weights, plain_mean
from hbac_assets.scoring.metric import kl_divergence


def softmax(logits: np.ndarray) -> np.ndarray:
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True))


def members(noise: list[float], rows: int = 400, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Predictions (M, N, 6) that stray by `noise` from the truth, shares drawn from the truth, five folds."""
    random = np.random.default_rng(seed)
    logits = 2 * random.normal(size=(rows, 6))
    shares = np.stack([random.multinomial(12, row) / 12 for row in softmax(logits)])
    strayed = logits + np.array(noise)[:, None, None] * random.normal(size=(len(noise), rows, 6))
    return softmax(strayed), shares, np.arange(rows) % 5


def test_learned_weights_beat_the_mean_on_rows_they_have_not_seen() -> None:
    predictions, shares, folds = members([0.2, 2.0, 2.0])
    blending = compare(predictions, shares, folds)
    alone = kl_divergence(shares, predictions[0]).mean()
    assert blending.chosen == "weights"
    assert blending.trials["weights"].kl < blending.trials["mean"].kl - 0.1
    assert blending.trials["weights"].kl < alone + 0.01
    weights = learned_weights(predictions, shares).weights
    assert weights[0] > 0.8


def test_mean_is_chosen_where_one_fold_misleads_about_the_other() -> None:
    shares, folds = np.tile(np.eye(6)[0], (20, 1)), np.arange(20) % 2
    good, bad = [0.9, 0.1, 0, 0, 0, 0], [0.1, 0.9, 0, 0, 0, 0]
    first_fold = (folds == 0)[:, None]
    predictions = np.stack([np.where(first_fold, good, bad), np.where(first_fold, bad, good)])
    blending = compare(predictions, shares, folds)
    assert blending.trials["weights"].kl == pytest.approx(np.log(10), rel=1e-3)
    assert blending.chosen == "mean"
    np.testing.assert_allclose(blending.blend(predictions), predictions.mean(axis=0))


@pytest.mark.parametrize("method", METHODS)
def test_no_method_sees_the_rows_it_is_scored_on(method: str) -> None:
    """Whatever the held-out rows' votes are, they are blended alike."""
    predictions, shares, folds = members([0.3, 0.8, 1.5])
    held_out = folds == 2
    turned = np.where(held_out[:, None], np.roll(shares, 3, axis=1), shares)
    before = compare(predictions, shares, folds).trials[method]
    after = compare(predictions, turned, folds).trials[method]
    np.testing.assert_array_equal(after.predictions[held_out], before.predictions[held_out])
    if method != "mean":
        assert not np.array_equal(after.predictions[~held_out], before.predictions[~held_out])


def test_a_method_is_given_the_other_folds_then_all() -> None:
    predictions, shares, folds = members([0.3, 0.8], rows=50)
    learned_from: list[np.ndarray] = []

    def watched(predictions: np.ndarray, shares: np.ndarray) -> Blend:
        learned_from.append(shares)
        return plain_mean(predictions, shares)

    blending = compare(predictions, shares, folds, {"watched": watched})
    assert blending.chosen == "watched"
    for fold in range(5):
        np.testing.assert_array_equal(learned_from[fold], shares[folds != fold])
    np.testing.assert_array_equal(learned_from[5], shares)


def test_scores_are_those_of_the_nested_predictions() -> None:
    predictions, shares, folds = members([0.5, 1.0])
    for trial in compare(predictions, shares, folds).trials.values():
        assert trial.kl == kl_divergence(shares, trial.predictions).mean()
        np.testing.assert_allclose(trial.predictions.sum(axis=1), 1)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.floats(0.1, 3), min_size=2, max_size=5), st.integers(0, 1000))
def test_weights_are_the_minimum_that_scipy_finds(noise: list[float], seed: int) -> None:
    predictions, shares, _ = members(noise, rows=60, seed=seed)
    weights = learned_weights(predictions, shares).weights

    def score(weights: np.ndarray) -> float:
        return float(kl_divergence(shares, np.tensordot(weights, predictions, axes=1)).mean())

    number = len(noise)
    other = minimize(
        lambda z: score(softmax(z)), np.zeros(number), method="Nelder-Mead", options={"maxiter": 4000, "fatol": 1e-10}
    )
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1)
    assert score(weights) <= other.fun + 1e-5


def test_one_member_and_identical_members() -> None:
    predictions, shares, folds = members([0.5])
    np.testing.assert_array_equal(learned_weights(predictions, shares).weights, [1])
    twins = np.repeat(predictions, 2, axis=0)
    np.testing.assert_allclose(compare(twins, shares, folds).blend(twins), predictions[0])


def test_members_that_are_sure_and_wrong_leave_finite_weights() -> None:
    shares = np.tile(np.eye(6)[0], (10, 1))
    wrong, right = np.tile(np.eye(6)[1], (10, 1)), shares
    weights = learned_weights(np.stack([wrong, right]), shares).weights
    np.testing.assert_allclose(weights, [0, 1], atol=1e-5)
