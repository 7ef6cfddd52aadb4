"""Reading of one recording's parquet file, with checks for completeness, columns and plausible values.

The required columns and values belong to `spectrogram_file` and `eeg_file`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hbac_assets.competition.faults import fault
from hbac_assets.errors import HbacError


class RecordingError(HbacError):
    """One file cannot be used; others can be converted without it."""


@contextmanager
def one_file_at_fault() -> Iterator[None]:
    """Turn an error of the block into a `RecordingError`."""
    try:
        yield
    except HbacError as error:
        raise RecordingError(str(error)) from error


@dataclass(frozen=True)
class Quantity:
    """The quantity of a recording: its name, its unit, and the bounds of its largest magnitude."""

    name: str
    unit: str
    peak: tuple[float, float]


def read_table(source: Path) -> pa.Table:
    """Return the table in `source`.

    Raises:
        HbacError: the file is missing, unreadable or not parquet.
    """
    if not source.is_file():
        found = "a folder" if source.is_dir() else "a link to nothing" if source.is_symlink() else "none"
        raise fault(source, "a file", found, "download it or leave its rows out of the table")
    try:
        # Read at once, since hundreds of columns would be as many small reads; and not by ParquetFile, which describes
        # each column to Python first while holding the GIL.
        reader = pq.ParquetReader()
        reader.open(pa.BufferReader(source.read_bytes()), pre_buffer=False)
        table: pa.Table = reader.read_all(use_threads=False)
    except (pa.ArrowException, OSError) as error:
        size = source.stat().st_size
        found = f"{size} bytes that do not read as one ({' '.join(str(error).split())})"
        raise fault(source, "a whole parquet file", found, "download the file again") from error
    return table


def numbers(source: Path, table: pa.Table, columns: Sequence[str]) -> pa.Table:
    """Return numeric columns in the order of `columns`, whatever their types and whatever other columns there are.

    Raises:
        HbacError: a column is missing, occurs twice, or is not numeric.
    """
    for name in columns:
        place = table.schema.get_field_index(name)
        if place < 0:
            raise fault(source, "the column once", f"{table.schema.names.count(name)} times", column=name)
        kind = table.schema.field(place).type
        if pa.types.is_integer(kind):
            table = table.set_column(place, name, table.column(place).cast(pa.float64()))
        elif not pa.types.is_floating(kind):
            raise fault(source, "numbers", kind, column=name)
    return table.select(list(columns))


def to_array(table: pa.Table) -> np.ndarray:
    """Return numbers as (rows, columns), contiguous along the rows; nulls become NaN."""
    batches = table.to_batches()
    if len(batches) > 1:
        batches = table.combine_chunks().to_batches()
    (batch,) = batches
    return np.asarray(batch.to_tensor(null_to_nan=True, row_major=False).to_numpy())


def require_none(source: Path, wrong: np.ndarray, columns: Sequence[str], expected: str, found: str) -> None:
    """Refuse a file with any wrong value, naming the place of the first.

    Args:
        source: the file.
        wrong: (rows, columns), true for wrong values.
        columns: their names.
        expected: a description of valid values.
        found: a description of the wrong ones.
    """
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise fault(source, expected, found, row=int(row), column=columns[column])


def require_plausible(source: Path, values: np.ndarray, quantity: Quantity) -> None:
    """Refuse a file whose values are all missing, all equal, or in another unit."""
    name, unit = quantity.name, quantity.unit
    if np.isnan(values).all():
        raise fault(source, f"some {name}", "NaN everywhere", "leave the recording out")
    lowest, highest = float(np.nanmin(values)), float(np.nanmax(values))
    if lowest == highest:
        raise fault(source, f"{name} that varies", f"{highest:g} everywhere", "leave the recording out")
    peak, (least, most) = max(-lowest, highest), quantity.peak
    if not least <= peak <= most:
        raise fault(source, f"a peak between {least:g} and {most:g} {unit}", f"{peak:g}", f"convert it to {unit}")
