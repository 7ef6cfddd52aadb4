"""Validated reading of one spectrogram's parquet file.

Where its array goes belongs to `conversion`; which window a label belongs to and how it becomes an image, to
the learning layer.
"""

from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hbac_assets.competition.faults import fault
from hbac_assets.errors import HbacError
from hbac_assets.signals.spectrogram_grid import SECONDS_PER_COLUMN, SPECTROGRAM_COLUMNS, WINDOW_COLUMNS

COLUMNS = frozenset({"time", *SPECTROGRAM_COLUMNS})

PLAUSIBLE_PEAK = (1e-3, 1e9)
"""The largest power of a recording in µV²/Hz lies far within; in V²/Hz it would be 1e-12 of that."""


class SpectrogramError(HbacError):
    """One file is at fault; others may be converted without it."""


def read_spectrogram(source: Path) -> np.ndarray:
    """Return the power in `source` as float32 (400, T), C-contiguous, in µV²/Hz, NaN where the file has none.

    Raises:
        SpectrogramError: the file is missing, unreadable or no parquet, lacks a column or has another one,
            holds a wrong type, is shorter than a window, has time steps other than 2 s, or holds values that
            are no power.
    """
    try:
        table = _read_table(source)
        _require_regular_time(source, table)
        power = _frequency_first(table)
        _require_power(source, power)
    except HbacError as error:
        raise SpectrogramError(str(error)) from error
    return power


def _read_table(source: Path) -> pa.Table:
    if not source.is_file():
        raise fault(source, "a file", "none", "download it or leave its rows out of the table")
    try:
        with pq.ParquetFile(source) as file:
            _require_schema(source, file.schema_arrow)
            return file.read(use_threads=False)
    except (pa.ArrowException, OSError) as error:
        size = source.stat().st_size
        found = f"{size} bytes that do not read as one ({' '.join(str(error).split())})"
        raise fault(source, "a whole parquet file", found, "download the file again") from error


def _require_schema(source: Path, schema: pa.Schema) -> None:
    found = Counter(schema.names)
    for name in ("time", *SPECTROGRAM_COLUMNS):
        if found[name] != 1:
            raise fault(source, "the column once", f"{found[name]} times", column=name)
    for name in found:
        if name not in COLUMNS:
            raise fault(source, "time and the 400 columns of the grid only", "one more", column=name)
    for field in schema:
        is_time = field.name == "time"
        right = pa.types.is_integer(field.type) if is_time else pa.types.is_floating(field.type)
        if not right:
            expected = "whole seconds" if is_time else "floating-point numbers"
            raise fault(source, expected, field.type, column=field.name)


def _require_regular_time(source: Path, table: pa.Table) -> None:
    if table.num_rows < WINDOW_COLUMNS:
        raise fault(source, f"at least {WINDOW_COLUMNS} rows (10 min)", table.num_rows, "leave the recording out")
    time = table["time"]
    if time.null_count:
        raise fault(source, "a time in each row", f"{time.null_count} missing", column="time")
    steps = np.diff(time.to_numpy().astype(np.int64))
    if (steps != SECONDS_PER_COLUMN).any():
        row = int(np.argmax(steps != SECONDS_PER_COLUMN)) + 1
        raise fault(
            source,
            f"{SECONDS_PER_COLUMN} s after the row before",
            f"{steps[row - 1]} s",
            row=row,
            column="time",
        )


def _frequency_first(table: pa.Table) -> np.ndarray:
    """Return the 400 columns as float32 (400, T); column buffers are copied once, nulls become NaN."""
    (batch,) = table.select(SPECTROGRAM_COLUMNS).combine_chunks().to_batches()
    columns = batch.to_tensor(null_to_nan=True, row_major=False).to_numpy()
    return np.ascontiguousarray(columns.T, dtype=np.float32)


def _require_power(source: Path, power: np.ndarray) -> None:
    for wrong, found in ((np.isinf(power), "an infinite value"), (power < 0, "a negative value")):
        if wrong.any():
            frequency, time = np.argwhere(wrong)[0]
            name = SPECTROGRAM_COLUMNS[frequency]
            raise fault(source, "power in µV²/Hz, 0 or more", found, row=int(time), column=name)
    if np.isnan(power).all():
        raise fault(source, "some power", "NaN everywhere", "leave the recording out")
    lowest, highest = np.nanmin(power), np.nanmax(power)
    if lowest == highest:
        raise fault(source, "power that varies", f"{highest:g} everywhere", "leave the recording out")
    if not PLAUSIBLE_PEAK[0] <= highest <= PLAUSIBLE_PEAK[1]:
        expected = "a peak between {:g} and {:g} µV²/Hz".format(*PLAUSIBLE_PEAK)
        raise fault(source, expected, f"{highest:g}", "convert it to µV²/Hz")
