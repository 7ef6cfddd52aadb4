"""Reading and validation of one spectrogram's parquet file.

Its array belongs to `arrays`; windows and images to `learning`.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa

from hbac_assets.competition.faults import fault
from hbac_assets.competition.parquet_file import (
    Quantity,
    numbers,
    one_file_at_fault,
    read_table,
    require_none,
    require_plausible,
    to_array,
)
from hbac_assets.signals.spectrogram_grid import SECONDS_PER_COLUMN, SPECTROGRAM_COLUMNS, WINDOW_COLUMNS

# Nearly every file has this schema: one comparison shows that it is valid.
USUAL = pa.schema([("time", pa.int64()), *((name, pa.float32()) for name in SPECTROGRAM_COLUMNS)])

# The largest power of a recording is well within; in V²/Hz it would be 1e-12 of that.
POWER = Quantity("power", "µV²/Hz", peak=(1e-3, 1e9))


def read_spectrogram(source: Path, least_columns: int = WINDOW_COLUMNS) -> np.ndarray:
    """Return the power in `source` as float32 (400, T), C-contiguous, in µV²/Hz, NaN where missing.

    Columns other than the grid's are ignored; rows are sorted by time.

    Args:
        source: the file.
        least_columns: the minimum length T.

    Raises:
        RecordingError: the file is missing, unreadable or not parquet, lacks a column, has one without numbers, is too
            short, has time steps other than 2 s, or has values that cannot be power.
    """
    with one_file_at_fault():
        table = read_table(source)
        if table.num_rows < least_columns:
            expected = f"at least {least_columns} rows ({least_columns * SECONDS_PER_COLUMN / 60:g} min)"
            raise fault(source, expected, table.num_rows, "leave the recording out")
        order = _order_of_time(source, table)
        usual = table.schema.equals(USUAL)
        power = to_array(table.drop_columns("time") if usual else numbers(source, table, SPECTROGRAM_COLUMNS))
        for wrong, found in ((np.isinf(power), "an infinite value"), (power < 0, "a negative value")):
            require_none(source, wrong, SPECTROGRAM_COLUMNS, "power in µV²/Hz, 0 or more", found)
        require_plausible(source, power, POWER)
    if order is not None:
        power = power[order]
    return np.ascontiguousarray(power.T, dtype=np.float32)


def _order_of_time(source: Path, table: pa.Table) -> np.ndarray | None:
    """Return the order in which rows are 2 s apart, None if they are in order."""
    if table.schema.get_field_index("time") < 0:
        found = f"{table.schema.names.count('time')} times"
        raise fault(source, "the column once", found, column="time")
    time = _seconds(source, table["time"])
    if (np.diff(time) == SECONDS_PER_COLUMN).all():
        return None
    order = np.argsort(time, kind="stable")
    steps = np.diff(time[order])
    if (steps == SECONDS_PER_COLUMN).all():
        return order
    row = int(np.argmax(steps != SECONDS_PER_COLUMN)) + 1
    expected, found = f"{SECONDS_PER_COLUMN} s after the row before", f"{steps[row - 1]:g} s"
    raise fault(source, expected, found, row=int(order[row]), column="time")


def _seconds(source: Path, time: pa.ChunkedArray) -> np.ndarray:
    """Return times as seconds, whether they are stored as numbers, durations or points in time."""
    if time.null_count:
        raise fault(source, "a time in each row", f"{time.null_count} missing", column="time")
    values: np.ndarray = time.to_numpy()
    if values.dtype.kind in "iu":
        return values.astype(np.int64)
    if values.dtype.kind in "mM":
        return np.asarray((values - values.min()) / np.timedelta64(1, "s"))
    if values.dtype.kind == "f" and np.isfinite(values).all():
        return np.round(values.astype(np.float64), 3)
    raise fault(source, "seconds", "NaN" if values.dtype.kind == "f" else time.type, column="time")
