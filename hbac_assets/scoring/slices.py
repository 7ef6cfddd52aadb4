"""Mean scores by vote slice and by agreement category, with intervals that respect that a patient's rows are alike."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from hbac_assets.labels import AGREEMENTS
from hbac_assets.scoring.bootstrap import Bootstrap

ALL = "all"
SLICES = {ALL: (0, np.inf), "<3": (0, 3), "3-9": (3, 10), ">=10": (10, np.inf)}
"""Name: lowest vote count, and the lowest one beyond the slice. Rater populations differ between them."""


def scores(frame: pd.DataFrame, column: str = "kl", seed: int = 0) -> pd.DataFrame:
    """Return one row for each vote slice: slice, rows, patients, mean, low, high.

    `low` and `high` bound the central 95 % interval of the mean, by `bootstrap`. An empty slice has NaN for a mean, a
    single patient NaN for bounds.

    Args:
        frame: rows with patient_id, vote_count and `column`.
        column: what to average, such as the divergence of each row.
        seed: of the bootstrap.
    """
    votes = frame["vote_count"].to_numpy()
    return _table("slice", frame, {name: within(votes, name) for name in SLICES}, column, seed)


def agreement_scores(frame: pd.DataFrame, column: str = "kl", seed: int = 0) -> pd.DataFrame:
    """Return one row for each agreement category: agreement, and the rest as `scores` does.

    Args:
        frame: rows with patient_id, agreement and `column`.
        column: what to average.
        seed: of the bootstrap.
    """
    category = frame["agreement"].to_numpy()
    return _table("agreement", frame, {name: category == name for name in AGREEMENTS}, column, seed)


def score(frame: pd.DataFrame, column: str = "kl", seed: int = 0) -> dict[str, float]:
    """Return rows, patients, mean, low and high of all rows of `frame`, as `scores` does for each slice."""
    return _scores(frame, {ALL: np.ones(len(frame), bool)}, column, seed)[ALL]


def within(vote_counts: np.ndarray, name: str) -> np.ndarray:
    """Return (N,): which rows of (N,) vote counts are in the vote slice of this name."""
    low, high = SLICES[name]
    return np.asarray((vote_counts >= low) & (vote_counts < high))


def _table(title: str, frame: pd.DataFrame, parts: Mapping[str, np.ndarray], column: str, seed: int) -> pd.DataFrame:
    return pd.DataFrame([{title: name, **one} for name, one in _scores(frame, parts, column, seed).items()])


def _scores(
    frame: pd.DataFrame, parts: Mapping[str, np.ndarray], column: str, seed: int
) -> dict[str, dict[str, float]]:
    bootstrap = Bootstrap(frame["patient_id"].to_numpy(), seed=seed)
    values, found = frame[[column]].to_numpy(dtype=float), {}
    for name, rows in parts.items():
        of = bootstrap.means(values, rows)
        found[name] = {
            "rows": int(of.rows[0]),
            "patients": int(of.patients[0]),
            "mean": float(of.value[0]),
            "low": float(of.low[0]),
            "high": float(of.high[0]),
        }
    return found
