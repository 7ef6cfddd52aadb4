"""Weighted averages of the members, of probabilities or of their logarithms."""

from dataclasses import dataclass

import numpy as np

from hbac_assets.scoring.metric import SMALLEST

MOST_STEPS = 1000
# Of the objective, far below the fourth digit of a score.
TOLERANCE = 1e-14


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

    The divergence is convex in the weights. Sequential quadratic programming finds its minimum in tens of steps, also
    for similar members; Cover's multiplicative iteration (1984, IEEE Trans Inf Theory 30:369-373) takes thousands.

    Args:
        predictions: (M, N, 6) of M members.
        shares: (N, 6) vote fractions.
        groups: (N,) the patient of each row; not used.
    """
    from scipy.optimize import minimize

    voted = shares > 0
    of_members, votes = np.clip(predictions, SMALLEST, 1 - SMALLEST)[:, voted], shares[voted] / len(shares)

    def cross_entropy(weights: np.ndarray) -> tuple[float, np.ndarray]:
        blended = np.maximum(weights @ of_members, SMALLEST)  # a step on the way may be out of bounds
        return float(-(votes @ np.log(blended))), -of_members @ (votes / blended)

    start = _equal_weights(predictions)
    found = minimize(
        cross_entropy,
        start,
        jac=True,
        method="SLSQP",
        bounds=[(0, 1)] * len(start),
        constraints={"type": "eq", "fun": lambda weights: weights.sum() - 1, "jac": np.ones_like},
        options={"ftol": TOLERANCE, "maxiter": MOST_STEPS},
    )
    weights = np.maximum(found.x, 0)
    return ConvexBlend(weights / weights.sum())


def _equal_weights(predictions: np.ndarray) -> np.ndarray:
    return np.full(len(predictions), 1 / len(predictions))
