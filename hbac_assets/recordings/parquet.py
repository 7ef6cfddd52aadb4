"""EEG in the competition's parquet format, of any length: a column per electrode, in µV at 200 Hz."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hbac_assets.competition.faults import fault
from hbac_assets.competition.parquet_file import numbers, require_none, to_array
from hbac_assets.recordings.recording import Annotation, Channel, Segment, refusal
from hbac_assets.signals.montage import EEG_RATE

MAGIC = b"PAR1"


@dataclass(frozen=True, eq=False)
class ParquetRecording:
    """A recording whose row groups are read on demand; see `Recording`.

    Attributes:
        file: the open file.
        borders: the first row of each row group and, last, the number of rows.
    """

    path: Path
    channels: tuple[Channel, ...]
    segments: tuple[Segment, ...]
    file: pq.ParquetFile
    borders: np.ndarray
    start: datetime | None = None
    annotations: tuple[Annotation, ...] = ()
    remarks: tuple[str, ...] = ()
    _kept: dict[tuple[object, ...], np.ndarray] = field(default_factory=dict)

    def read(self, channels: Sequence[int], segment: int, first: int, after: int) -> np.ndarray:
        """Return float64 (samples, channels); see `Recording`."""
        names = tuple(self.channels[channel].label for channel in channels)
        groups = range(
            int(np.searchsorted(self.borders, first, "right")) - 1, int(np.searchsorted(self.borders, after, "left"))
        )
        parts = [
            self._group(group, names)[max(0, first - self.borders[group]) : after - self.borders[group]]
            for group in groups
        ]
        return np.concatenate(parts).astype(np.float64)

    def _group(self, group: int, names: tuple[str, ...]) -> np.ndarray:
        """Return the rows of a row group; the last one is cached, since blocks are shorter than groups."""
        key = group, names
        if key not in self._kept:
            self._kept.clear()
            try:
                table = self.file.read_row_group(group, columns=list(names), use_threads=False)
            except (pa.ArrowException, OSError) as error:
                raise refusal(self.path, "a whole parquet file", error, "download the file again") from error
            values = to_array(numbers(self.path, table, names))
            require_none(self.path, np.isinf(values), names, "a voltage in µV", "an infinite value")
            self._kept[key] = values
        return self._kept[key]


def open_parquet(path: Path) -> ParquetRecording:
    """Return the recording in a parquet file whose columns are electrodes.

    Raises:
        HbacError: it is not a complete parquet file, or has no rows.
    """
    try:
        file = pq.ParquetFile(path, pre_buffer=False)
    except (pa.ArrowException, OSError) as error:
        raise refusal(path, "a whole parquet file", error, "download the file again") from error
    rows = file.metadata.num_rows
    if not rows:
        raise fault(path, "at least one row", "0 rows")
    lengths = [file.metadata.row_group(group).num_rows for group in range(file.metadata.num_row_groups)]
    channels = tuple(Channel(name, "µV", Fraction(EEG_RATE)) for name in file.schema_arrow.names)
    segments = (Segment(Fraction(), Fraction(rows, EEG_RATE)),)
    return ParquetRecording(path, channels, segments, file, np.cumsum([0, *lengths]))
