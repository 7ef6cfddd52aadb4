"""The floor of votes: the score of the true class probabilities.

Votes are a sample. If ten experts vote and the true probabilities of a row are p, their fractions differ from p by
chance, and the KL divergence of p from those fractions is not 0. Its expectation is

    E[KL(votes / n ‖ p)] = H(p) - E[H(votes / n)],

the entropy of p minus that of the fractions, which is biased downwards. The second follows from the table; the first is
estimated by two methods with opposite errors:

- `grassberger`: the entropy estimate of Grassberger 2003 (arXiv:physics/0307138, eq. 27-31), row by row. It assumes
  nothing about p and is mostly too high.
- `dirichlet`: the expected entropy of p under a Dirichlet distribution given the votes of the row (Wolpert and Wolf
  1995, Phys. Rev. E 52:6841); the distribution is fitted to the table, separately in each vote slice, since different
  experts saw different recordings. It is unbiased if p follows a Dirichlet distribution; if rows are more extreme than
  that, it is mostly too low.

Bounds from simulations in which every row has n votes, as multiples of the true floor. On the true probabilities of the
synthetic data set:

    n             2     3     4     5     7    10    14    20    28
    grassberger 1.00  1.70  1.02  1.53  1.42  1.05  1.05  1.04  1.01
    dirichlet    .89   .85   .83   .85   .84   .82   .81   .79   .78
    middle       .95  1.28   .93  1.19  1.13   .93   .93   .91   .90

and on probabilities drawn from Dirichlet distributions of concentration 0.5 to 3, for all n from 2 to 28, grassberger
1.05 to 2.3 (worst for odd n and high agreement), dirichlet .93 to 1.07, middle 1.03 to 1.65. On the votes of the
synthetic data set the two bracket the true floor in each slice. Their midpoint is within 10 % of it for ten votes and
more, and 1.2 to 1.6 times as high for 3 to 9, most of which are three that agree.

A single vote carries no information about disagreement, since its fractions have no entropy and Grassberger's estimate
is the same for each. Such rows use the Dirichlet estimate for both, which borrows from the rows of the same slice with
two votes and more; without any such rows there is no floor.

The floor is not a bound for a single row, nor for rows selected by their votes, such as those on which all agree. It is
the mean score of an observer who knows p, and p includes all true disagreement among experts.
"""

from dataclasses import dataclass

import numpy as np

from hbac_assets.scoring.slices import ALL, SLICES, within

SMALLEST_ALPHA, LARGEST_ALPHA = 1e-3, 1e4


@dataclass(frozen=True)
class VoteFloor:
    """Both estimates of each row; only their means over many rows are meaningful.

    Attributes:
        grassberger: (N,) nats.
        dirichlet: (N,) nats.
    """

    grassberger: np.ndarray
    dirichlet: np.ndarray

    @property
    def middle(self) -> np.ndarray:
        """(N,) the mean of both."""
        return np.asarray((self.grassberger + self.dirichlet) / 2)


def vote_floor(votes: np.ndarray) -> VoteFloor:
    """Estimate the floor of a table.

    Args:
        votes: (N, C) whole numbers of votes, at least one in each row.

    Returns:
        Both estimates; all NaN if no row has two votes.
    """
    votes = np.asarray(votes, dtype=int)
    counts = votes.sum(axis=1)
    if not (counts > 1).any():
        unknown = np.full(len(votes), np.nan)
        return VoteFloor(unknown, unknown)
    observed = _entropy(votes / counts[:, None])
    dirichlet = np.empty(len(votes))
    for name in SLICES:
        rows = within(counts, name)
        if name != ALL and rows.any():
            fitted = votes[rows] if (counts[rows] > 1).any() else votes
            dirichlet[rows] = _posterior_entropy(votes[rows] + fit_dirichlet(fitted))
    dirichlet -= observed
    return VoteFloor(np.where(counts > 1, _grassberger_entropy(votes) - observed, dirichlet), dirichlet)


def fit_dirichlet(votes: np.ndarray) -> np.ndarray:
    """Return (C,): the maximum-likelihood Dirichlet distribution of the votes (Minka 2000, by L-BFGS).

    Args:
        votes: (N, C) whole numbers of votes; at least one row has two or more.
    """
    from scipy.optimize import minimize
    from scipy.special import gammaln, psi

    distinct, repeats = np.unique(votes, axis=0, return_counts=True)
    counts, weights = distinct.sum(axis=1, keepdims=True), (repeats / len(votes))[:, None]

    def loss(log_alpha: np.ndarray) -> tuple[float, np.ndarray]:
        alpha = np.exp(log_alpha)
        total = alpha.sum()
        per_class = gammaln(distinct + alpha) - gammaln(alpha)
        likelihood = gammaln(total) - gammaln(counts + total) + per_class.sum(axis=1, keepdims=True)
        slope = psi(total) - psi(counts + total) + psi(distinct + alpha) - psi(alpha)
        return -float((weights * likelihood).sum()), -alpha * (weights * slope).sum(axis=0)

    start = np.log(np.maximum(votes.mean(axis=0) / votes.mean(axis=0).sum(), SMALLEST_ALPHA))
    bounds = [(np.log(SMALLEST_ALPHA), np.log(LARGEST_ALPHA))] * votes.shape[1]
    return np.asarray(np.exp(minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x))


def _entropy(shares: np.ndarray) -> np.ndarray:
    from scipy.special import entr

    return np.asarray(entr(shares).sum(axis=1))


def _grassberger_entropy(votes: np.ndarray) -> np.ndarray:
    from scipy.special import psi

    numbers = np.maximum(np.arange(votes.max() + 1), 1)
    sign = np.where(numbers % 2, -1, 1)
    terms = numbers * (psi(numbers) + sign * (psi((numbers + 1) / 2) - psi(numbers / 2)) / 2)
    terms[0] = 0
    counts = votes.sum(axis=1)
    return np.asarray(np.log(counts) - terms[votes].sum(axis=1) / counts)


def _posterior_entropy(alpha: np.ndarray) -> np.ndarray:
    from scipy.special import psi

    total = alpha.sum(axis=1)
    return np.asarray(psi(total + 1) - (alpha * psi(alpha + 1)).sum(axis=1) / total)
