"""Sample weights by the number of votes: the mean of many experts is less noisy than one expert."""

import numpy as np
from jaxtyping import Float32, Int

from hbac_assets.learning.settings import SampleWeight

MOST_VOTES = 20
"""Votes from which a row has full weight, with weights in proportion to votes."""


def sample_weights(
    kind: SampleWeight, rows: Int[np.ndarray, " rows"], votes: Int[np.ndarray, " examples"] | None, count: int
) -> Float32[np.ndarray, " examples"]:
    """Return the loss weight of each of `count` training examples, with a mean of 1 over `rows`.

    The mean of 1 keeps losses comparable between epochs and members, and the learning rate effective as set.

    Args:
        kind: `log_votes` for log(votes + 1), `capped_votes` for votes / 20 but at most 1, `none` for 1.
        rows: the indices of an epoch's examples.
        votes: of every example.
        count: the number of examples.
    """
    if kind == "none":
        return np.ones(count, dtype=np.float32)
    assert votes is not None, "weights by votes need their counts"
    weights = np.log1p(votes) if kind == "log_votes" else np.minimum(votes / MOST_VOTES, 1)
    return np.asarray(weights / weights[rows].mean(), dtype=np.float32)
