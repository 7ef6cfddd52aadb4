"""The ways of blending the members' predictions, and what each scores on rows it has not seen.

A method learns a blend from rows; its score is nested: the blend for a fold is learned on the other folds. A
further method is one more entry of `METHODS`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from hbac_assets.scoring.convex import ConvexBlend, learned_weights, plain_mean
from hbac_assets.scoring.metric import kl_divergence
from hbac_assets.scoring.stacking import FEATURES, StackedBlend, stacked

Blend = ConvexBlend | StackedBlend
"""What a method learned: it turns the members' predictions (M, N, 6) into one (N, 6)."""

Method = Callable[[np.ndarray, np.ndarray, np.ndarray], Blend]
"""Learns a blend from predictions (M, N, 6), vote shares (N, 6) and the patient of each row (N,)."""

METHODS: Mapping[str, Method] = {
    "mean": plain_mean,
    "weights": learned_weights,
    **{f"stacking_{features}": partial(stacked, features=features) for features in FEATURES},
}


@dataclass(frozen=True)
class Trial:
    """One method: its nested predictions, their score, and the blend that it learns from all rows."""

    predictions: np.ndarray
    """(N, 6), each fold blended by what the other folds taught."""
    kl: float
    """Mean KL divergence of `predictions`."""
    blend: Blend


def compare(
    predictions: np.ndarray,
    shares: np.ndarray,
    groups: np.ndarray,
    folds: np.ndarray,
    methods: Mapping[str, Method] = METHODS,
) -> dict[str, Trial]:
    """Try each method.

    Args:
        predictions: (M, N, 6) out-of-fold predictions of M members for the same N rows.
        shares: (N, 6) vote shares.
        groups: (N,) patient of each row, none of whom is in two folds.
        folds: (N,) fold of each row.
        methods: name and method.
    """
    return {name: _try(method, predictions, shares, groups, folds) for name, method in methods.items()}


def best(trials: Mapping[str, Trial]) -> str:
    """Return the method with the lowest nested score; of equals the first."""
    return min(trials, key=lambda name: trials[name].kl)


def _try(method: Method, predictions: np.ndarray, shares: np.ndarray, groups: np.ndarray, folds: np.ndarray) -> Trial:
    nested = np.empty(shares.shape)
    for fold in np.unique(folds):
        seen, held_out = folds != fold, folds == fold
        blend = method(predictions[:, seen], shares[seen], groups[seen])
        nested[held_out] = blend(predictions[:, held_out])
    return Trial(nested, float(kl_divergence(shares, nested).mean()), method(predictions, shares, groups))
