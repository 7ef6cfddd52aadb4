"""Quantities derived from the votes of a row: fractions, count and agreement category."""

import numpy as np
import pandas as pd

from hbac_assets.labels import AGREEMENTS, CLASSES, VOTE_COLUMNS

SHARE_COLUMNS = tuple(f"{name.lower()}_share" for name in CLASSES)


def enrich(train: pd.DataFrame) -> pd.DataFrame:
    """Return `train` with six columns of vote fractions, `vote_count` and `agreement`.

    Args:
        train: rows with the six vote columns, each row with at least one vote.
    """
    votes = train[list(VOTE_COLUMNS)].to_numpy()
    count = votes.sum(axis=1)
    shares = dict(zip(SHARE_COLUMNS, (votes / count[:, None]).T, strict=True))
    return train.assign(**shares, vote_count=count, agreement=agreement(votes))


def class_prior(rows: pd.DataFrame) -> np.ndarray:
    """Return the mean vote fractions (6,) of enriched rows."""
    return rows[list(SHARE_COLUMNS)].mean().to_numpy()


def agreement(votes: np.ndarray) -> np.ndarray:
    """Return the agreement category of each row of `votes` (N, 6), by the rule of the organisers' study.

    - `idealized`: more than 80 % of the votes are on one class.
    - The first two classes are within 10 percentage points of each other: `proto` if one of them is Other, `edge`
      if both are named patterns. In a tie for second place the first of `CLASSES` counts, so Other comes last.
    - `mixed`: anything else.

    The rule's "within 10 %", read as points of all votes, bound included, reproduces the fractions of the
    organisers' table. It is defined for rows with ten votes or more; with one vote every row is idealized.
    """
    order = np.argsort(-votes, axis=1, kind="stable")
    first, second = np.take_along_axis(votes, order[:, :2], axis=1).T
    count = votes.sum(axis=1)
    # Compared in whole votes, since 0.1 is not exact in floating point.
    idealized = 5 * first > 4 * count
    evenly = 10 * (first - second) <= count
    with_other = (order[:, :2] == CLASSES.index("Other")).any(axis=1)
    *named, mixed = AGREEMENTS
    return np.select([idealized, evenly & with_other, evenly], named, default=mixed)
