"""Reading of a comma-separated file whose every cell is checked.

Cells are read as text and checked before they become numbers, so that a fault is named as the user would see it in
the file. Which columns a table has and what must hold across rows belongs to `tables`.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from hbac_assets.competition.faults import fault


@dataclass(frozen=True)
class Kind:
    """What the cells of a column look like, as text, and what they become."""

    pattern: str
    expected: str
    dtype: str


def read_csv(path: Path, columns: dict[str, Kind]) -> pd.DataFrame:
    """Return the columns, whatever their order in the file, in the order of `columns`.

    Raises:
        HbacError: the file is missing, unreadable or no comma-separated table, a column is missing, extra or there
            twice, there is no row, or a cell is not of its column's kind.
    """
    text = _read_text(path, columns)
    _require_columns(path, text.column_names, columns)
    if text.num_rows == 0:
        raise fault(path, "at least one row", "none below the header")
    return pd.DataFrame({name: _parse(path, name, text[name], kind) for name, kind in columns.items()})


def _read_text(path: Path, columns: dict[str, Kind]) -> pa.Table:
    """Read all cells as text; a byte-order mark is skipped."""
    if not path.is_file():
        raise fault(path, "a file", "none", "download the competition's data or correct HBAC_DATA_DIR")
    uneven: list[pa.csv.InvalidRow] = []

    def collect(row: pa.csv.InvalidRow) -> str:
        uneven.append(row)
        return "skip"

    try:
        content = path.read_bytes()
        content.decode()  # pyarrow's own error for bytes that are no UTF-8 is printed, not raised
        text = pa.csv.read_csv(
            pa.BufferReader(content),
            read_options=pa.csv.ReadOptions(use_threads=False),  # with threads, rows have no numbers
            parse_options=pa.csv.ParseOptions(invalid_row_handler=collect),
            convert_options=pa.csv.ConvertOptions(column_types=dict.fromkeys(columns, pa.string())),
        )
    except (pa.ArrowException, UnicodeError, OSError) as error:
        raise fault(path, "a comma-separated table in UTF-8", " ".join(str(error).split())) from error
    if uneven:
        first = uneven[0]
        # pyarrow counts from 1 and counts the header.
        raise fault(path, f"{first.expected_columns} fields", first.actual_columns, row=first.number - 2)
    return text


def _require_columns(path: Path, found: list[str], columns: dict[str, Kind]) -> None:
    if len(found) == 1 and any(separator in found[0] for separator in ";\t|"):
        raise fault(path, "columns separated by commas", repr(found[0]), "save it with commas")
    for name in columns:
        if found.count(name) != 1:
            raise fault(path, "the column once", f"{found.count(name)} times among {', '.join(found)}", column=name)
    for name in found:
        if name not in columns:
            raise fault(path, f"only the columns {', '.join(columns)}", "one more", "remove it", column=name)


def _parse(path: Path, name: str, cells: pa.ChunkedArray, kind: Kind) -> pd.Series:
    valid = pc.match_substring_regex(cells, kind.pattern).to_numpy()
    if not valid.all():
        row = int(np.argmin(valid))
        raise fault(path, kind.expected, repr(cells[row].as_py()), row=row, column=name)
    if kind.dtype == "str":
        return pd.Series(cells.to_pandas())
    return pd.Series(cells.to_pandas().astype("float64").astype(kind.dtype))
