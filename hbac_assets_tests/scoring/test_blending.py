"""Fitting of blends: weights, and a network that starts from the mean."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from hbac_assets.scoring.convex import learned_weights, mean_of_logits
from hbac_assets.scoring.metric import SMALLEST, kl_divergence
from hbac_assets_tests.scoring.members import members, softmax


def excess(weights: np.ndarray, predictions: np.ndarray, shares: np.ndarray) -> float:
    """Return a bound on how far above the least divergence that of the weights is (Cover 1984), in nats."""
    ratio = shares / np.tensordot(weights, predictions, axes=1)
    return float(np.einsum("mnc,nc->m", predictions, ratio).max() / len(shares) - 1)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.floats(0.1, 3), min_size=2, max_size=5), st.integers(0, 1000))
@example([1.5625, 0.4375, 2.0, 2.0, 2.0], 997)  # here and below a search for logits ends where they are flat
@example([1.0, 1.0, 1.0, 0.125, 2.6875], 239)
def test_weights_are_the_minimum_that_another_search_finds(noise: list[float], seed: int) -> None:
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
    assert score(weights) <= other.fun + 1e-6
    assert excess(weights, predictions, shares) < 1e-4


def test_weights_of_36_similar_members_are_the_minimum() -> None:
    random = np.random.default_rng(0)
    _, shares, patients, _ = members([0.0], rows=6400)
    logits = 2 * np.random.default_rng(0).normal(size=(6400, 6)) + 0.5 * random.normal(size=(6400, 6))
    predictions = softmax(logits + 0.1 * random.normal(size=(36, 6400, 6)))
    weights = learned_weights(predictions, shares, patients).weights
    assert excess(weights, predictions, shares) < 1e-4


def test_the_good_member_gets_the_weight() -> None:
    predictions, shares, patients, _ = members([0.2, 2.0, 2.0])
    assert learned_weights(predictions, shares, patients).weights[0] > 0.8


def test_one_member_and_identical_members() -> None:
    predictions, shares, patients, _ = members([0.5])
    np.testing.assert_array_equal(learned_weights(predictions, shares, patients).weights, [1])
    twins = np.repeat(predictions, 2, axis=0)
    np.testing.assert_allclose(learned_weights(twins, shares, patients)(twins), predictions[0])


def test_confident_wrong_members_leave_finite_weights() -> None:
    shares = np.tile(np.eye(6)[0], (10, 1))
    wrong, right = np.tile(np.eye(6)[1], (10, 1)), shares
    weights = learned_weights(np.stack([wrong, right]), shares, np.arange(10)).weights
    np.testing.assert_allclose(weights, [0, 1], atol=1e-5)


def test_the_mean_of_logits_is_the_normalised_geometric_mean() -> None:
    predictions, shares, patients, _ = members([0.5, 1.0, 1.5], rows=50)
    blended = mean_of_logits(predictions, shares, patients)(predictions)
    product = predictions.prod(axis=0) ** (1 / 3)
    np.testing.assert_allclose(blended, product / product.sum(axis=1, keepdims=True))
    certain = np.tile(np.eye(6)[0], (2, 1, 1))
    expected = [1, *[SMALLEST] * 5]
    np.testing.assert_allclose(mean_of_logits(certain, shares, patients)(certain), [expected], rtol=1e-9)
