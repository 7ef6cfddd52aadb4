"""Averages of the members with one weight each: of their probabilities, or of the logarithms of these."""

from dataclasses import dataclass

import numpy as np

from hbac_assets.scoring.metric import SMALLEST

MOST_STEPS = 1000
# Of the objective and of its gradient: below what the fourth digit of a score shows, by far.
RELATIVE_DECREASE, LARGEST_SLOPE = 1e-13, 1e-8


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
    """Return the mean of the probabilities; nothing is learned."""
    return ConvexBlend(_equal_weights(predictions))


def mean_of_logits(predictions: np.ndarray, shares: np.ndarray, groups: np.ndarray) -> LogarithmicBlend:
    """Return the mean of the logits; nothing is learned."""
    return LogarithmicBlend(_equal_weights(predictions))


def learned_weights(predictions: np.ndarray, shares: np.ndarray, groups: np.ndarray) -> ConvexBlend:
    """Find the weights of least mean KL divergence on these rows, whichever patients they come from.

    The divergence is convex in the weights. They are the softmax of free parameters, which L-BFGS changes; where
    members resemble one another, this takes tens of steps, and Cover's multiplicative iteration thousands.

    Args:
        predictions: (M, N, 6) of M members.
        shares: (N, 6) vote shares.
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

    options = {"maxiter": MOST_STEPS, "ftol": RELATIVE_DECREASE, "gtol": LARGEST_SLOPE}
    found = minimize(cross_entropy, np.zeros(len(predictions)), jac=True, method="L-BFGS-B", options=options)
    return ConvexBlend(softmax(found.x))


def _equal_weights(predictions: np.ndarray) -> np.ndarray:
    return np.full(len(predictions), 1 / len(predictions))
