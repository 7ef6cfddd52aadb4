"""The competition's metric.

Grouping and averaging of rows belong to `slices`.
"""

import numpy as np

SMALLEST = 1e-15


def kl_divergence(shares: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Return the Kullback-Leibler divergence of each row, in nats; the competition's score is their mean.

    Σ p·ln(p/q) over the classes with p > 0, with q clipped to [1e-15, 1 - 1e-15] and not renormalised, as in
    the competition's published scoring code. Rows are matched by position: align them by id before.

    Args:
        shares: (N, 6) vote fractions p.
        predictions: (N, 6) predicted probabilities q.

    Returns:
        (N,) divergences.
    """
    from scipy.special import rel_entr

    clipped = np.clip(predictions, SMALLEST, 1 - SMALLEST)
    return np.asarray(rel_entr(shares, clipped).sum(axis=1))
