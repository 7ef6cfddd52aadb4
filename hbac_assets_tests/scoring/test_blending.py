"""Blends learn what can be learned, and never from the rows that they are scored on."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from hbac_assets.scoring.blending import METHODS, Blend, best, compare
from hbac_assets.scoring.convex import learned_weights, plain_mean
from hbac_assets.scoring.metric import kl_divergence
from hbac_assets_tests.scoring.members import members, softmax


def test_learned_blends_beat_the_mean_on_rows_they_have_not_seen() -> None:
    """One good member and two bad ones; only a blend that can tell the members apart is able to."""
    predictions, shares, patients, folds = members([0.2, 2.0, 2.0])
    trials = compare(predictions, shares, patients, folds)
    alone = kl_divergence(shares, predictions[0]).mean()
    assert best(trials) == "weights"
    assert trials["weights"].kl < trials["mean"].kl - 0.1
    assert trials["weights"].kl < alone + 0.01
    assert learned_weights(predictions, shares, patients).weights[0] > 0.8
    for method in ("stacking_predictions", "stacking_both"):
        assert trials[method].kl < trials["mean"].kl - 0.03


def test_mean_is_best_where_one_fold_misleads_about_the_other() -> None:
    shares, folds = np.tile(np.eye(6)[0], (20, 1)), np.arange(20) % 2
    good, bad = [0.9, 0.1, 0, 0, 0, 0], [0.1, 0.9, 0, 0, 0, 0]
    first_fold = (folds == 0)[:, None]
    predictions = np.stack([np.where(first_fold, good, bad), np.where(first_fold, bad, good)])
    convex = {name: METHODS[name] for name in ("mean", "weights")}
    trials = compare(predictions, shares, np.arange(20), folds, convex)
    assert trials["weights"].kl == pytest.approx(np.log(10), rel=1e-3)
    assert best(trials) == "mean"
    np.testing.assert_allclose(trials["mean"].blend(predictions), predictions.mean(axis=0))


@pytest.mark.parametrize("method", METHODS)
def test_no_method_sees_the_rows_it_is_scored_on(method: str) -> None:
    """Whatever the held-out rows' votes are, they are blended alike: neither learned from nor watched."""
    predictions, shares, patients, folds = members([0.3, 0.8, 1.5], rows=200)
    held_out = folds == 2
    turned = np.where(held_out[:, None], np.roll(shares, 3, axis=1), shares)
    alone = {method: METHODS[method]}
    before = compare(predictions, shares, patients, folds, alone)[method]
    after = compare(predictions, turned, patients, folds, alone)[method]
    np.testing.assert_array_equal(after.predictions[held_out], before.predictions[held_out])
    if method != "mean":
        assert not np.array_equal(after.predictions[~held_out], before.predictions[~held_out])


def test_a_method_is_given_the_other_folds_then_all() -> None:
    predictions, shares, patients, folds = members([0.3, 0.8], rows=50)
    learned_from: list[tuple[np.ndarray, np.ndarray]] = []

    def watched(predictions: np.ndarray, shares: np.ndarray, groups: np.ndarray) -> Blend:
        learned_from.append((shares, groups))
        return plain_mean(predictions, shares, groups)

    compare(predictions, shares, patients, folds, {"watched": watched})
    for fold in range(5):
        np.testing.assert_array_equal(learned_from[fold][0], shares[folds != fold])
        np.testing.assert_array_equal(learned_from[fold][1], patients[folds != fold])
    np.testing.assert_array_equal(learned_from[5][0], shares)
    np.testing.assert_array_equal(learned_from[5][1], patients)


def test_scores_are_those_of_the_nested_predictions() -> None:
    predictions, shares, patients, folds = members([0.5, 1.0], rows=100)
    for trial in compare(predictions, shares, patients, folds).values():
        assert trial.kl == kl_divergence(shares, trial.predictions).mean()
        np.testing.assert_allclose(trial.predictions.sum(axis=1), 1, atol=1e-6)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.floats(0.1, 3), min_size=2, max_size=5), st.integers(0, 1000))
def test_weights_are_the_minimum_that_scipy_finds(noise: list[float], seed: int) -> None:
    predictions, shares, patients, _ = members(noise, rows=60, seed=seed)
    weights = learned_weights(predictions, shares, patients).weights

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
    predictions, shares, patients, folds = members([0.5])
    np.testing.assert_array_equal(learned_weights(predictions, shares, patients).weights, [1])
    twins = np.repeat(predictions, 2, axis=0)
    np.testing.assert_allclose(learned_weights(twins, shares, patients)(twins), predictions[0])
    alone = compare(predictions, shares, patients, folds, {"mean": plain_mean})["mean"]
    np.testing.assert_array_equal(alone.predictions, predictions[0])


def test_members_that_are_sure_and_wrong_leave_finite_weights() -> None:
    shares = np.tile(np.eye(6)[0], (10, 1))
    wrong, right = np.tile(np.eye(6)[1], (10, 1)), shares
    weights = learned_weights(np.stack([wrong, right]), shares, np.arange(10)).weights
    np.testing.assert_allclose(weights, [0, 1], atol=1e-5)
