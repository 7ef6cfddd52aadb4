"""Tables with arbitrary column names: identification of columns, and checked ids and numbers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hbac_assets.competition.faults import fault
from hbac_assets.labels import CLASSES

IDS = ("label_id", "eeg_id")
PROBABILITIES = ("{}_probability", "{}", "{}_vote")
SHARES = "{}_share"
CORRECT = "correct it"


@dataclass(frozen=True)
class ColumnNames:
    """The names of the columns; `{}` in a pattern stands for a class, such as lpd. Case is ignored.

    Attributes:
        id: of a row; "": label_id, or otherwise eeg_id.
        probabilities: a pattern; "": the first of `PROBABILITIES` that a file has, `{}_vote` only with a votes table.
        votes: a pattern; without such columns, vote fractions are taken from `{}_share`, with vote_count if present.
        model: the model of a row in a file of several; without it a model is named after its file.
        patient: of a row's patient.
        fold: of the fold in which a row was held out.
        quality: of any measure of signal quality.
    """

    id: str = ""
    probabilities: str = ""
    votes: str = "{}_vote"
    model: str = "member"
    patient: str = "patient_id"
    fold: str = "fold"
    quality: str = "quality"

    def lower(self) -> "ColumnNames":
        """Return the names in lower case, as in a table that was read."""
        return ColumnNames(**{name: value.lower() for name, value in vars(self).items()})


def read_frame(path: Path) -> pd.DataFrame:
    """Return the table of a parquet or CSV file, with column names in lower case.

    Raises:
        HbacError: it cannot be read, is empty, or two columns have the same name.
    """
    if not path.is_file():
        raise fault(path, "a file", "a folder" if path.is_dir() else "none", "correct its name")
    try:
        frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except (OSError, ValueError) as error:  # pandas' and pyarrow's own are among the latter
        raise fault(path, "a parquet or CSV table", " ".join(str(error).split()) or "none", CORRECT) from error
    frame.columns = [str(name).strip().lower() for name in frame.columns]
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise fault(path, "columns of different names", f"{twice[0]} twice", CORRECT)
    if frame.empty:
        raise fault(path, "rows", "none", CORRECT)
    return frame.reset_index(drop=True)


def common_id(frames: Mapping[Any, pd.DataFrame]) -> str:
    """Return the first of `IDS` that all tables have."""
    for name in IDS:
        if all(name in frame.columns for frame in frames.values()):
            return name
    path, frame = next((path, frame) for path, frame in frames.items() if not set(IDS) & set(frame.columns))
    raise fault(path, f"the column {' or '.join(IDS)}", ", ".join(frame.columns), "name another by --id")


def class_columns(path: Path, frame: pd.DataFrame, patterns: Iterable[str]) -> list[str]:
    """Return the columns of the six classes, by the first pattern that matches any column."""
    wanted = [[in_pattern(pattern, name) for name in CLASSES] for pattern in patterns]
    for columns in wanted:
        missing = [column for column in columns if column not in frame.columns]
        if not missing:
            return columns
        if len(missing) < len(columns):
            raise fault(path, f"the column {missing[0]}", f"none among {', '.join(frame.columns)}", CORRECT)
    expected = " or ".join(f"{columns[0]} … {columns[-1]}" for columns in wanted)
    raise fault(path, f"columns {expected}", ", ".join(frame.columns), "name others by --probabilities or --votes-as")


def in_pattern(pattern: str, name: str = CLASSES[0]) -> str:
    """Return the column of a class."""
    return pattern.replace("{}", name.lower())


def id_index(path: Path, frame: pd.DataFrame, column: str) -> pd.Index:
    """Return the ids as text, so that 7, 7.0 and "7" are equal.

    Raises:
        HbacError: the column or an id is missing.
    """
    if column not in frame.columns:
        raise fault(path, f"the column {column}", f"none among {', '.join(frame.columns)}", "name another by --id")
    ids = frame[column]
    if ids.isna().any():
        raise fault(path, "an id", "none", CORRECT, row=row_number(frame, ids.isna()), column=column)
    if pd.api.types.is_float_dtype(ids) and (ids % 1 == 0).all():
        ids = ids.astype("int64")
    return pd.Index(ids.astype("str"))


def row_number(frame: pd.DataFrame, at_fault: Any) -> int:
    """Return the index in its file, from 0, of the first invalid row."""
    return int(frame.index[int(np.argmax(at_fault))])


def numbers(path: Path, frame: pd.DataFrame, columns: Sequence[str], expected: str) -> np.ndarray:
    """Return columns as float64.

    Raises:
        HbacError: a value is not a number of 0 or more.
    """
    values = np.empty((len(frame), len(columns)))
    for place, column in enumerate(columns):
        numbers = pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
        wrong = ~(np.isfinite(numbers) & (numbers >= 0))
        if wrong.any():
            found = frame[column].iloc[int(np.argmax(wrong))]
            raise fault(path, expected, found, CORRECT, row=row_number(frame, wrong), column=column)
        values[:, place] = numbers
    return values
