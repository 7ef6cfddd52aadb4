"""Blends the members' predictions, and says what each way of blending scores on rows it has not seen.

A method learns a blend from rows; its score is nested: the blend for a fold is learned on the other folds. A
further method is one more entry of `METHODS`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from hbac_assets.scoring.metric import SMALLEST, kl_divergence

GAP = 1e-6
MOST_STEPS = 20_000


class Blend(Protocol):
    """What a method learned."""

    def __call__(self, predictions: np.ndarray) -> np.ndarray:
        """Turn the members' predictions (M, N, 6) into one (N, 6)."""
        ...


Method = Callable[[np.ndarray, np.ndarray], Blend]
"""Learns a blend from predictions (M, N, 6) and vote shares (N, 6)."""


@dataclass(frozen=True)
class ConvexBlend:
    """The weighted mean of the members."""

    weights: np.ndarray
    """(M,), none negative, of sum 1."""

    def __call__(self, predictions: np.ndarray) -> np.ndarray:
        """Turn the members' predictions (M, N, 6) into one (N, 6)."""
        return np.tensordot(self.weights, predictions, axes=1)


def plain_mean(predictions: np.ndarray, shares: np.ndarray) -> ConvexBlend:
    """Weight all members alike, whatever the rows say."""
    return ConvexBlend(np.full(len(predictions), 1 / len(predictions)))


def learned_weights(predictions: np.ndarray, shares: np.ndarray) -> ConvexBlend:
    """Find the weights of least mean KL divergence on these rows.

    The divergence is convex in the weights and falls at each step of Cover's multiplicative iteration (Cover
    1984, "An algorithm for maximizing expected log investment return"): a weight is multiplied by the mean
    over rows of Σ p·qₘ/q, where q is the blend. The largest of these factors, less 1, bounds how far above
    the minimum the divergence still is: the iteration stops at 1e-6 nats.
    """
    members = np.clip(predictions, SMALLEST, 1 - SMALLEST)
    weights = plain_mean(predictions, shares).weights
    for _ in range(MOST_STEPS):
        ratio = shares / np.tensordot(weights, members, axes=1)
        factors = np.einsum("mnc,nc->m", members, ratio) / len(shares)
        if factors.max() - 1 < GAP:
            break
        weights = weights * factors
        weights /= weights.sum()
    return ConvexBlend(weights)


METHODS: Mapping[str, Method] = {"mean": plain_mean, "weights": learned_weights}


@dataclass(frozen=True)
class Trial:
    """One method: its nested predictions, their score, and the blend that it learns from all rows."""

    predictions: np.ndarray
    """(N, 6), each fold blended by what the other folds taught."""
    kl: float
    """Mean KL divergence of `predictions`."""
    blend: Blend


@dataclass(frozen=True)
class Blending:
    """All methods side by side, and the one with the best nested score."""

    trials: Mapping[str, Trial]
    chosen: str

    @property
    def blend(self) -> Blend:
        """The chosen method's blend, learned from all rows: for rows that no fold holds."""
        return self.trials[self.chosen].blend

    @property
    def predictions(self) -> np.ndarray:
        """The chosen method's nested predictions (N, 6)."""
        return self.trials[self.chosen].predictions


def compare(
    predictions: np.ndarray, shares: np.ndarray, folds: np.ndarray, methods: Mapping[str, Method] = METHODS
) -> Blending:
    """Try each method and choose the one with the lowest nested score; of equals the first.

    Args:
        predictions: (M, N, 6) out-of-fold predictions of M members for the same N rows.
        shares: (N, 6) vote shares.
        folds: (N,) fold of each row.
        methods: name and method.
    """
    trials = {name: _try(method, predictions, shares, folds) for name, method in methods.items()}
    return Blending(trials, min(trials, key=lambda name: trials[name].kl))


def _try(method: Method, predictions: np.ndarray, shares: np.ndarray, folds: np.ndarray) -> Trial:
    nested = np.empty(shares.shape)
    for fold in np.unique(folds):
        seen, held_out = folds != fold, folds == fold
        nested[held_out] = method(predictions[:, seen], shares[seen])(predictions[:, held_out])
    return Trial(nested, float(kl_divergence(shares, nested).mean()), method(predictions, shares))
