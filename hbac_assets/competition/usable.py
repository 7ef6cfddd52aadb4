"""The rows with usable windows, for each kind of recording, and the missing fraction of each window.

Computed from the tables of the conversions; the recordings themselves are not read again.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from hbac_assets.signals.spectrogram_grid import SECONDS_PER_COLUMN, WINDOW_COLUMNS

HALF = 0.5
"""Missing fraction of a window from which it is reported."""


def spectrogram_windows(rows: pd.DataFrame, spectrograms: pd.DataFrame) -> pd.DataFrame:
    """Return, for each row, `reason` (empty if its window can be used) and `missing`, the fraction without power.

    Args:
        rows: with `spectrogram_id` and `spectrogram_label_offset_seconds`.
        spectrograms: `spectrogram_id`, `columns` and `gaps` of those that could be read.
    """
    known = spectrograms.set_index("spectrogram_id")
    columns = rows["spectrogram_id"].map(known["columns"])
    start = rows["spectrogram_label_offset_seconds"] // SECONDS_PER_COLUMN
    gaps = rows["spectrogram_id"].map(known["gaps"]).fillna("")
    missing = pd.Series(0.0, index=rows.index)
    for row in rows.index[gaps != ""]:
        missing[row] = _gap_fraction(gaps[row], int(start[row]), int(min(columns[row], start[row] + WINDOW_COLUMNS)))
    reason = np.select(
        [columns.isna(), start >= columns, missing == 1],
        ["spectrogram unreadable", "window outside its spectrogram", "window without power"],
        default="",
    )
    return pd.DataFrame({"reason": reason, "missing": missing}, index=rows.index)


def eeg_windows(rows: pd.DataFrame, windows: pd.DataFrame) -> pd.DataFrame:
    """Return, for each row, `reason` (empty if its window can be used) and `missing`, the fraction without a signal.

    Args:
        rows: with `eeg_id` and `eeg_label_offset_seconds`.
        windows: `eeg_id`, `offset_seconds` and `missing` of those whose EEG could be read.
    """
    key = ["eeg_id", "eeg_label_offset_seconds"]
    known = windows.rename(columns={"offset_seconds": key[1]})[[*key, "missing"]]
    found = rows[key].merge(known, on=key, how="left", indicator=True).set_axis(rows.index)
    missing = found["missing"].astype("float64")
    reason = np.select(
        [found["_merge"] != "both", missing.isna(), missing == 1],
        ["EEG unreadable", "window outside its EEG", "window without signal"],
        default="",
    )
    return pd.DataFrame({"reason": reason, "missing": missing.fillna(1)}, index=rows.index)


def worst(states: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the combined state of windows that are all needed: the first reason, and the largest missing fraction."""
    first, *others = states
    for other in others:
        reason = first["reason"].where(first["reason"] != "", other["reason"])
        first = pd.DataFrame({"reason": reason, "missing": first["missing"].clip(lower=other["missing"])})
    return first


def _gap_fraction(gaps: str, first: int, after: int) -> float:
    """Return the fraction of the columns from `first` up to `after` in gaps, given as `first-last` of each."""
    runs = (map(int, run.split("-")) for run in gaps.split())
    lacking = sum(max(0, min(last + 1, after) - max(begin, first)) for begin, last in runs)
    return lacking / max(1, after - first)
