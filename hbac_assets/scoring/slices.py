"""Mean scores by vote slice and by agreement category, with intervals that respect that a patient's rows are alike."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from hbac_assets.labels import AGREEMENTS

ALL = "all"
SLICES = {ALL: (0, np.inf), "<3": (0, 3), "3-9": (3, 10), ">=10": (10, np.inf)}
"""Name: lowest vote count, and the lowest one beyond the slice. Rater populations differ between them."""

RESAMPLES = 1000
INTERVAL = (0.025, 0.975)


def scores(frame: pd.DataFrame, column: str = "kl", seed: int = 0) -> pd.DataFrame:
    """Return one row for each vote slice: slice, rows, patients, mean, low, high.

    `low` and `high` bound the central 95 % of the mean under a cluster bootstrap (Davison and Hinkley 1997,
    §3.8), which draws whole patients with replacement. An empty slice has NaN for a mean, a single patient
    NaN for bounds.

    Args:
        frame: rows with patient_id, vote_count and `column`.
        column: what to average, such as the divergence of each row.
        seed: of the bootstrap.
    """
    votes = frame["vote_count"]
    parts = {name: frame[votes.ge(low) & votes.lt(high)] for name, (low, high) in SLICES.items()}
    return _table("slice", parts, column, seed)


def agreement_scores(frame: pd.DataFrame, column: str = "kl", seed: int = 0) -> pd.DataFrame:
    """Return one row for each agreement category: agreement, and the rest as `scores` does.

    Args:
        frame: rows with patient_id, agreement and `column`.
        column: what to average.
        seed: of the bootstrap.
    """
    parts = {name: frame[frame["agreement"] == name] for name in AGREEMENTS}
    return _table("agreement", parts, column, seed)


def score(frame: pd.DataFrame, column: str = "kl", seed: int = 0) -> dict[str, float]:
    """Return rows, patients, mean, low and high of all rows of `frame`, as `scores` does for each slice."""
    by_patient = frame.groupby("patient_id")[column].agg(["sum", "count"])
    low, high = _interval(by_patient["sum"].to_numpy(), by_patient["count"].to_numpy(), seed)
    return {
        "rows": len(frame),
        "patients": len(by_patient),
        "mean": float(frame[column].mean()),
        "low": low,
        "high": high,
    }


def _table(title: str, parts: Mapping[str, pd.DataFrame], column: str, seed: int) -> pd.DataFrame:
    return pd.DataFrame([{title: name, **score(part, column, seed)} for name, part in parts.items()])


def _interval(sums: np.ndarray, counts: np.ndarray, seed: int) -> tuple[float, float]:
    patients = len(sums)
    if patients < 2:
        return np.nan, np.nan
    drawn = np.random.default_rng(seed).multinomial(patients, np.full(patients, 1 / patients), size=RESAMPLES)
    low, high = np.quantile((drawn @ sums) / (drawn @ counts), INTERVAL)
    return float(low), float(high)
