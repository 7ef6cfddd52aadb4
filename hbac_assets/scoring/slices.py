"""Mean scores by vote slice, with intervals that respect that a patient's rows are alike."""

import numpy as np
import pandas as pd

SLICES = {"all": (0, np.inf), "<3": (0, 3), "3-9": (3, 10), ">=10": (10, np.inf)}
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
    rows = []
    for name, (low, high) in SLICES.items():
        part = frame[frame["vote_count"].ge(low) & frame["vote_count"].lt(high)]
        rows.append({"slice": name, **score(part, column, seed)})
    return pd.DataFrame(rows)


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


def _interval(sums: np.ndarray, counts: np.ndarray, seed: int) -> tuple[float, float]:
    patients = len(sums)
    if patients < 2:
        return np.nan, np.nan
    drawn = np.random.default_rng(seed).multinomial(patients, np.full(patients, 1 / patients), size=RESAMPLES)
    low, high = np.quantile((drawn @ sums) / (drawn @ counts), INTERVAL)
    return float(low), float(high)
