"""Validated reading of one spectrogram's parquet file.

Where its array goes belongs to `arrays`; which window a label belongs to and how it becomes an image, to the
learning layer.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa

from hbac_assets.competition.faults import fault
from hbac_assets.competition.parquet_file import (
    NUMBERS,
    WHOLE_SECONDS,
    Layout,
    Quantity,
    one_file_at_fault,
    read_table,
    require_none,
    require_plausible,
    to_array,
)
from hbac_assets.signals.spectrogram_grid import SECONDS_PER_COLUMN, SPECTROGRAM_COLUMNS, WINDOW_COLUMNS

LAYOUT = Layout(
    {"time": WHOLE_SECONDS, **dict.fromkeys(SPECTROGRAM_COLUMNS, NUMBERS)}, "time and the 400 columns of the grid"
)

# The largest power of a recording lies far within; in V²/Hz it would be 1e-12 of that.
POWER = Quantity("power", "µV²/Hz", peak=(1e-3, 1e9))


def read_spectrogram(source: Path) -> np.ndarray:
    """Return the power in `source` as float32 (400, T), C-contiguous, in µV²/Hz, NaN where the file has none.

    Raises:
        RecordingError: the file is missing, unreadable or no parquet, lacks a column or has another one,
            holds a wrong type, is shorter than a window, has time steps other than 2 s, or holds values that
            are no power.
    """
    with one_file_at_fault():
        table = read_table(source, LAYOUT)
        _require_regular_time(source, table)
        power = to_array(table.drop_columns("time"))
        for wrong, found in ((np.isinf(power), "an infinite value"), (power < 0, "a negative value")):
            require_none(source, wrong, SPECTROGRAM_COLUMNS, "power in µV²/Hz, 0 or more", found)
        require_plausible(source, power, POWER)
    return np.ascontiguousarray(power.T, dtype=np.float32)


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
