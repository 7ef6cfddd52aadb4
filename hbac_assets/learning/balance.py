"""Class rebalancing: rows of rare classes are drawn more often in training, not in validation."""

import numpy as np
from jaxtyping import Float, Int


def balancing_weights(targets: Float[np.ndarray, "rows classes"]) -> Float[np.ndarray, " rows"]:
    """Return the sampling weights of the rows, (N,), of sum 1.

    A row counts, for each class, with its fraction of that class' votes: wᵢ ∝ Σ_c pᵢ_c / Σⱼ pⱼ_c. If each row belongs
    to one class, all classes that occur are then drawn equally often.

    Args:
        targets: (N, 6) vote fractions, or the consensus as one-hot rows.
    """
    votes = targets.sum(axis=0, dtype=np.float64)
    weights = np.divide(targets, votes, out=np.zeros(targets.shape), where=votes > 0).sum(axis=1)
    return np.asarray(weights / weights.sum())


def draw_rows(weights: Float[np.ndarray, " rows"], random: np.random.Generator) -> Int[np.ndarray, " rows"]:
    """Return as many indices as there are `weights`, row i in proportion to its weight, to within one.

    Systematic sampling (Madow 1949, https://doi.org/10.1214/aoms/1177729988): equidistant points with a random start
    on the cumulative weights.
    """
    marks = (np.arange(len(weights)) + random.random()) / len(weights)
    return np.searchsorted(np.cumsum(weights)[:-1], marks, side="right")
