"""What follows from the votes of a label: shares, count and agreement category."""

import numpy as np
import pandas as pd

from hbac_assets.labels import AGREEMENTS, CLASSES, VOTE_COLUMNS

SHARE_COLUMNS = tuple(f"{name.lower()}_share" for name in CLASSES)


def enrich(train: pd.DataFrame) -> pd.DataFrame:
    """Return `train` with six share columns, `vote_count` and `agreement`.

    Args:
        train: rows with the six vote columns, each row with at least one vote.
    """
    votes = train[list(VOTE_COLUMNS)].to_numpy()
    count = votes.sum(axis=1)
    shares = dict(zip(SHARE_COLUMNS, (votes / count[:, None]).T, strict=True))
    return train.assign(**shares, vote_count=count, agreement=agreement(votes))


def agreement(votes: np.ndarray) -> np.ndarray:
    """Return the agreement category of each row of `votes` (N, 6).

    The organisers name three kinds without figures; here they are:

    - `idealized` (high consensus): one class has at least three quarters of the votes.
    - Two classes share the votes about evenly if each has at least a third and both together at least four
      fifths: `proto` if one of them is Other, `edge` if both are named patterns.
    - `mixed`: anything else.
    """
    order = np.argsort(-votes, axis=1, kind="stable")
    first, second = np.take_along_axis(votes, order[:, :2], axis=1).T
    count = votes.sum(axis=1)
    # Compared in whole votes, since 2 / 3 is no exact float.
    idealized = 4 * first >= 3 * count
    evenly = (3 * second >= count) & (5 * (first + second) >= 4 * count)
    with_other = (order[:, :2] == CLASSES.index("Other")).any(axis=1)
    *named, mixed = AGREEMENTS
    return np.select([idealized, evenly & with_other, evenly], named, default=mixed)
