"""Weighted averages of the members, of probabilities or of their logarithms."""

from dataclasses import dataclass

import numpy as np

from hbac_assets.scoring.metric import SMALLEST

MOST_STEPS = 1000
# Tolerances of the objective and its gradient, far below the fourth digit of a score.
RELATIVE_DECREASE, LARGEST_SLOPE = 1e-13, 1e-8
MOST_RESTARTS, CAREFUL_STEPS, LARGEST_GAIN = 10, 20, 1e-4
"""Restarts while a member's gain exceeds 1 by more than the last; steps of Cover's iteration before each."""


@dataclass(frozen=True)
class ConvexBlend:
    """The weighted arithmetic mean of the members: a linear opinion pool."""

    weights: np.ndarray
    """(M,), none negative, of sum 1."""

    def __call__(self, predictions: np.ndarray) -> np.ndarray:
        """Turn the members' predictions (M, N, 6) into one (N, 6)."""
        return np.tensordot(self.weights, predictions, axes=1)


@dataclass(frozen=True)
class LogarithmicBlend:
    """The weighted geometric mean of the members, renormalised: a logarithmic opinion pool.

    It is the softmax of the mean of their logits (Genest and Zidek 1986, "Combining probability distributions").
    """

    weights: np.ndarray
    """(M,), none negative, of sum 1."""

    def __call__(self, predictions: np.ndarray) -> np.ndarray:
        """Turn the members' predictions (M, N, 6) into one (N, 6)."""
        from scipy.special import softmax

        return np.asarray(softmax(np.tensordot(self.weights, np.log(np.maximum(predictions, SMALLEST)), axes=1), 1))


def plain_mean(predictions: np.ndarray, shares: np.ndarray, groups: np.ndarray) -> ConvexBlend:
    """Return the blend of equal weights of the probabilities; ignores the data."""
    return ConvexBlend(_equal_weights(predictions))


def mean_of_logits(predictions: np.ndarray, shares: np.ndarray, groups: np.ndarray) -> LogarithmicBlend:
    """Return the blend of equal weights of the logits; ignores the data."""
    return LogarithmicBlend(_equal_weights(predictions))


def learned_weights(predictions: np.ndarray, shares: np.ndarray, groups: np.ndarray) -> ConvexBlend:
    """Fit the weights of lowest mean KL divergence on these rows, ignoring patients.

    The divergence is convex in the weights. They are the softmax of free parameters, optimised by L-BFGS; for similar
    members this takes tens of steps, Cover's multiplicative iteration thousands. At the minimum no member's gain, the
    factor of that iteration, exceeds 1 (Cover 1984, IEEE Trans Inf Theory 30:369-373).

    Args:
        predictions: (M, N, 6) of M members.
        shares: (N, 6) vote fractions.
        groups: (N,) the patient of each row; not used.
    """
    from scipy.optimize import minimize
    from scipy.special import softmax

    voted = shares > 0
    of_members, votes = np.clip(predictions, SMALLEST, 1 - SMALLEST)[:, voted], shares[voted] / len(shares)

    def cross_entropy(free: np.ndarray) -> tuple[float, np.ndarray]:
        weights = softmax(free)
        blended = weights @ of_members
        slope = -of_members @ (votes / blended)
        return float(-(votes @ np.log(blended))), weights * (slope - weights @ slope)

    def search(start: np.ndarray) -> np.ndarray:
        options = {"maxiter": MOST_STEPS, "ftol": RELATIVE_DECREASE, "gtol": LARGEST_SLOPE}
        return np.asarray(softmax(minimize(cross_entropy, start, jac=True, method="L-BFGS-B", options=options).x))

    def gains(weights: np.ndarray) -> np.ndarray:
        return np.asarray(of_members @ (votes / (weights @ of_members)) / votes.sum())

    weights = search(np.zeros(len(predictions)))
    for _ in range(MOST_RESTARTS):
        if gains(weights).max() <= 1 + LARGEST_GAIN:
            break
        # A long step has ended where the softmax is flat, far from the minimum.
        weights = (weights + _equal_weights(predictions)) / 2
        for _ in range(CAREFUL_STEPS):
            weights *= gains(weights)
        weights = search(np.log(np.maximum(weights, SMALLEST)))
    return ConvexBlend(weights)


def _equal_weights(predictions: np.ndarray) -> np.ndarray:
    return np.full(len(predictions), 1 / len(predictions))
