"""The worth of a model in experts.

Given k votes on a row and the overall distribution of votes, the next vote can be predicted. With a Dirichlet prior α,
fitted to the table, the prediction is (α + k votes) / (|α| + k). Its score on the remaining votes falls with k; a model
is worth the k at which that score equals its own.

The score is the exact mean over all subsets of k of the row's votes: the remaining votes for a class are
hypergeometric, so nothing is sampled. A score on n - k votes has a higher floor than one on n, but only through the
entropy of their fractions, which does not depend on the predictor. The cross-entropy -Σ r·ln q on the remaining
fractions r does; for a model, which knows none of the votes, its mean over all subsets is that on all n votes. Model
and experts are therefore compared by cross-entropy on the same remaining votes, minus the entropy of all n votes: this
gives the model's usual KL divergence, and for the experts the divergence they would have on n other votes.

Only rows with ten votes or more are used, for k from 0 to 9. The prior's few parameters are fitted to the scored rows,
which flatters the experts by less than a thousandth with hundreds of rows.
"""

import numpy as np

from hbac_assets.scoring.floor import fit_dirichlet

FEWEST_VOTES = 10
"""Minimum votes of a row: one vote remains to be predicted from the nine others."""


def expert_divergences(votes: np.ndarray) -> np.ndarray:
    """Return (N, 10): for each row the expected KL divergence of k votes, k = 0 … 9; NaN for rows with fewer than ten.

    Args:
        votes: (N, C) whole numbers of votes.
    """
    from scipy.special import entr

    votes = np.asarray(votes, dtype=int)
    divergences = np.full((len(votes), FEWEST_VOTES), np.nan)
    rows = votes.sum(axis=1) >= FEWEST_VOTES
    if rows.any():
        distinct, place = np.unique(votes[rows], axis=0, return_inverse=True)
        alpha = fit_dirichlet(votes[rows])
        entropy = entr(distinct / distinct.sum(axis=1, keepdims=True)).sum(axis=1)
        crossed = [_cross_entropy(distinct, alpha, known) for known in range(FEWEST_VOTES)]
        divergences[rows] = (np.stack(crossed, axis=1) - entropy[:, None])[place.ravel()]
    return divergences


def worth(divergence: float, by_experts: np.ndarray) -> float:
    """Return the number of votes whose score equals a model's, with a fraction by linear interpolation.

    0 if the model is no better than the prior, 9 if it is as good as nine votes or better, NaN without rows to compare.

    Args:
        divergence: the model's mean KL divergence on the rows with ten votes or more.
        by_experts: (10,) the means of `expert_divergences` over the same rows.
    """
    if np.isnan(divergence) or np.isnan(by_experts).any():
        return float("nan")
    falling = np.minimum.accumulate(by_experts)
    return float(np.interp(-divergence, -falling, np.arange(len(falling))))


def _cross_entropy(votes: np.ndarray, alpha: np.ndarray, known: int) -> np.ndarray:
    """Return (N,): -Σ r·ln q, averaged over all subsets of `known` of a row's votes."""
    from scipy.stats import hypergeom

    counts = np.broadcast_to(votes.sum(axis=1, keepdims=True), votes.shape)
    # There are few distinct pairs of a row's and a class's numbers of votes.
    pairs, place = np.unique(np.stack([counts.ravel(), votes.ravel()]), axis=1, return_inverse=True)
    count, of_class = pairs[:, :, None, None]
    seen = np.arange(known + 1)[:, None]
    remaining = np.maximum(of_class - seen, 0) / (count - known)
    chance = hypergeom.pmf(seen, count, of_class, known)
    expected = (chance * remaining * np.log((alpha + seen) / (alpha.sum() + known))).sum(axis=1)
    return np.asarray(-expected[place.reshape(votes.shape), np.arange(votes.shape[1])].sum(axis=1))
