"""The epochs of a trained cell: as stored, as logged to MLflow, and by stage."""

from collections.abc import Sequence
from dataclasses import asdict
from math import nan
from typing import TYPE_CHECKING

import pandas as pd

from hbac_assets.lineage import Cell, Lineage

if TYPE_CHECKING:
    from hbac_assets.learning.checkpoint import EpochRecord

HISTORY = "history.csv"
EARLIER = {"stage": 1, "raw_val_loss": nan}
"""Columns that files of an earlier version lack, with their values."""


def read_history(lineage: Lineage, cell: Cell) -> pd.DataFrame:
    """Return the epochs of a trained cell, as `epochs_table` does, with the exact numbers of its training."""
    exactly = dict.fromkeys(("val_loss", "raw_val_loss"), lambda text: float(text or nan))
    history = pd.read_csv(lineage.cell(cell).path / HISTORY, converters=exactly)
    return _with_gain(history.assign(**{name: value for name, value in EARLIER.items() if name not in history}))


def epochs_table(records: "Sequence[EpochRecord]") -> pd.DataFrame:
    """Return a row for each epoch, with the columns of `EpochRecord` and `ema_gain`.

    `ema_gain` is the decrease of the validation loss by averaging the weights, in nats; NaN if unknown.
    """
    return _with_gain(pd.DataFrame([asdict(record) for record in records]))


def stages_table(history: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each stage: its first and its last epoch, and `val_loss` and `ema_gain` of the last one.

    Args:
        history: as `epochs_table` returns it, in full.
    """
    ends = history.groupby("stage", as_index=False).agg(
        first_epoch=("epoch", "min"), last_epoch=("epoch", "max"), val_loss=("val_loss", "last")
    )
    return ends.merge(history[["epoch", "ema_gain"]], left_on="last_epoch", right_on="epoch").drop(columns="epoch")


def lowest_epoch(history: pd.DataFrame) -> "pd.Series[float]":
    """Return the row of the epoch with the lowest validation loss."""
    return history.iloc[int(history["val_loss"].argmin())]


def _with_gain(history: pd.DataFrame) -> pd.DataFrame:
    return history.assign(ema_gain=history["raw_val_loss"] - history["val_loss"])
