"""How much the loss of a row counts, by its number of votes: many experts' mean is less noisy than one expert."""

import numpy as np
from jaxtyping import Float32, Int

from hbac_assets.learning.settings import SampleWeight

MOST_VOTES = 20
"""Votes from which on a row counts fully where its weight is in proportion to them."""


def sample_weights(
    kind: SampleWeight, rows: Int[np.ndarray, " rows"], votes: Int[np.ndarray, " examples"] | None, count: int
) -> Float32[np.ndarray, " examples"]:
    """Return the factor of the loss of each of `count` training examples, with a mean of 1 over `rows`.

    With that mean, losses stay comparable between epochs and members, and the learning rate keeps its meaning.

    Args:
        kind: `log_votes` for log(votes + 1), `capped_votes` for votes / 20 but at most 1, `none` for 1.
        rows: the examples that an epoch goes through.
        votes: of every example.
        count: how many examples there are.
    """
    if kind == "none":
        return np.ones(count, dtype=np.float32)
    assert votes is not None, "weights by votes need their counts"
    weights = np.log1p(votes) if kind == "log_votes" else np.minimum(votes / MOST_VOTES, 1)
    return np.asarray(weights / weights[rows].mean(), dtype=np.float32)
