"""Weighted means of the members: all alike, or with the weights of the lowest divergence."""

from dataclasses import dataclass

import numpy as np

from hbac_assets.scoring.metric import SMALLEST

GAP = 1e-6
MOST_STEPS = 20_000


@dataclass(frozen=True)
class ConvexBlend:
    """The weighted mean of the members."""

    weights: np.ndarray
    """(M,), none negative, of sum 1."""

    def __call__(self, predictions: np.ndarray) -> np.ndarray:
        """Turn the members' predictions (M, N, 6) into one (N, 6)."""
        return np.tensordot(self.weights, predictions, axes=1)


def plain_mean(predictions: np.ndarray, shares: np.ndarray, groups: np.ndarray) -> ConvexBlend:
    """Weight all members alike, whatever the rows say."""
    return ConvexBlend(np.full(len(predictions), 1 / len(predictions)))


def learned_weights(predictions: np.ndarray, shares: np.ndarray, groups: np.ndarray) -> ConvexBlend:
    """Find the weights of least mean KL divergence on these rows; whose rows they are does not matter.

    The divergence is convex in the weights and falls at each step of Cover's multiplicative iteration (Cover
    1984, "An algorithm for maximizing expected log investment return"): a weight is multiplied by the mean
    over rows of Σ p·qₘ/q, where q is the blend. The largest of these factors, less 1, bounds how far above
    the minimum the divergence still is: the iteration stops at 1e-6 nats.
    """
    members = np.clip(predictions, SMALLEST, 1 - SMALLEST)
    weights = plain_mean(predictions, shares, groups).weights
    for _ in range(MOST_STEPS):
        ratio = shares / np.tensordot(weights, members, axes=1)
        factors = np.einsum("mnc,nc->m", members, ratio) / len(shares)
        if factors.max() - 1 < GAP:
            break
        weights = weights * factors
        weights /= weights.sum()
    return ConvexBlend(weights)
