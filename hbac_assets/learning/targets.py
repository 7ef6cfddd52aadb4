"""The targets of a model: the votes of a row as probabilities of the six classes."""

from typing import Literal

import numpy as np
import pandas as pd
from jaxtyping import Float32

from hbac_assets.labels import CLASSES, VOTE_COLUMNS


def targets(rows: pd.DataFrame, kind: Literal["consensus", "votes"]) -> Float32[np.ndarray, "rows 6"]:
    """Return the targets of `rows` as float32 (N, 6), each row summing to one.

    Args:
        rows: train metadata, with `expert_consensus` or the six vote columns.
        kind: `consensus` for one-hot rows, `votes` for the vote fractions.
    """
    if kind == "consensus":
        classes = np.array([CLASSES.index(name) for name in rows["expert_consensus"]], dtype=int)
        return np.asarray(np.eye(len(CLASSES), dtype=np.float32)[classes])
    votes = rows[list(VOTE_COLUMNS)].to_numpy(dtype=np.float64)
    return np.asarray(votes / votes.sum(axis=1, keepdims=True), dtype=np.float32)
