"""Predictions of one model or of several, aligned with the votes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hbac_assets.competition.faults import fault
from hbac_assets.labels import CLASSES
from hbac_assets.scoring.files.columns import (
    CORRECT,
    PROBABILITIES,
    ColumnNames,
    class_columns,
    common_id,
    id_index,
    numbers,
    read_frame,
    row_number,
)
from hbac_assets.scoring.files.votes import scored_table, votes_of_predictions, votes_of_table
from hbac_assets.scoring.scored_table import ScoredTable

SUM_TOLERANCE = 1e-3


@dataclass(frozen=True)
class ReadPredictions:
    """Predictions read from files.

    Attributes:
        predictions: (N, 6) by model, NaN in rows that a model did not predict.
        table: of the N rows.
        oddities: model, rows predicted, rows_not_summing_to_1, rows_with_zero_where_votes_are.
    """

    predictions: dict[str, np.ndarray]
    table: ScoredTable
    oddities: list[dict[str, Any]] = field(default_factory=list)


def read_predictions(
    files: Sequence[Path], votes: Path | None, names: ColumnNames, progress: Callable[[int, int], None]
) -> ReadPredictions:
    """Read predictions and align them by id with the votes.

    Args:
        files: parquet or CSV, each with the predictions of one model or, with a column that names it, of several.
        votes: a table of votes; None: the files also have them.
        names: of the columns.
        progress: called with the number of files read, and of all files.

    Raises:
        HbacError: a file cannot be read, a column is missing, an id is missing, duplicate or without votes, or a value
            is invalid; names file, row and column.
    """
    names = names.lower()
    frames = {}
    for number, path in enumerate(files, start=1):
        frames[path] = read_frame(path)
        progress(number, len(files))
    id_column = names.id or common_id({votes: read_frame(votes)} if votes else frames)
    truth = (
        votes_of_table(votes, read_frame(votes), id_column, names)
        if votes
        else votes_of_predictions(frames, id_column, names)
    )
    found = ReadPredictions({}, scored_table(truth, frames, id_column, names))
    voted = found.table.vote_shares() > 0
    for path, frame in frames.items():
        patterns = [names.probabilities] if names.probabilities else PROBABILITIES[: None if votes else -1]
        columns = class_columns(path, frame, patterns)
        for model, rows in _models(path, frame, names.model):
            if model in found.predictions:
                raise fault(path, "a model of another name than those before", repr(model), "rename the file or model")
            places = _places(path, rows, id_column, truth.index)
            values = _probabilities(path, rows, columns)
            aligned = np.full((len(truth), len(CLASSES)), np.nan)
            aligned[places] = values
            found.predictions[model] = aligned
            found.oddities.append({"model": model, "rows": len(rows), **_oddities(values, voted[places])})
    return found


def _models(path: Path, frame: pd.DataFrame, column: str) -> list[tuple[str, pd.DataFrame]]:
    if column not in frame.columns:
        return [(path.stem, frame)]
    return [(str(model), rows) for model, rows in frame.groupby(column, sort=False, dropna=False)]


def _places(path: Path, rows: pd.DataFrame, column: str, known: pd.Index) -> np.ndarray:
    """Return the index of each row's id among the ids with votes."""
    ids = id_index(path, rows, column)
    if ids.has_duplicates:
        twice = ids.duplicated()
        raise fault(path, "each id once", f"{ids[twice][0]} again", CORRECT, row=row_number(rows, twice), column=column)
    places = known.get_indexer(ids)
    if (places < 0).any():
        unknown = places < 0
        found = f"{ids[unknown][0]}, which has none"
        raise fault(path, "an id with votes", found, CORRECT, row=row_number(rows, unknown), column=column)
    return np.asarray(places)


def _probabilities(path: Path, rows: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    return numbers(path, rows, columns, "a probability, 0 or more")


def _oddities(values: np.ndarray, voted: np.ndarray) -> dict[str, int]:
    return {
        "rows_not_summing_to_1": int((np.abs(values.sum(axis=1) - 1) > SUM_TOLERANCE).sum()),
        "rows_with_zero_where_votes_are": int(((values == 0) & voted).any(axis=1).sum()),
    }
