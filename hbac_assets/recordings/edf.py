"""EDF, EDF+, BDF and BDF+: headers by edfio, samples in blocks, gaps and annotations from time stamps.

edfio reads BDF files entirely into memory and discontinuous files as continuous, hence samples are read here.
"""

import io
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hbac_assets.recordings.edf_layout import RECORDS, Layout, read_layout
from hbac_assets.recordings.recording import DATE_UNKNOWN, Annotation, Channel, Segment, refusal
from hbac_assets.recordings.time_stamps import annotations_in, record_onset

if TYPE_CHECKING:
    from edfio import Bdf, BdfSignal, Edf, EdfSignal

LONGEST_DAYS = 62
"""Longest recording, days; a longer one has a wrong time stamp."""
SAME_TIME = Fraction(1, 1000)
"""Tolerance in s for a record that follows the previous one without a gap."""


@dataclass(frozen=True, eq=False)
class EdfRecording:
    """A recording whose samples are read on demand; further attributes as in `Recording`.

    Attributes:
        first_records: the index of the first record of each segment.
        layout: of the records.
        numbers: for each channel, the index of its signal.
        scales: for each channel, gain and offset: value = digit × gain + offset.
    """

    path: Path
    channels: tuple[Channel, ...]
    segments: tuple[Segment, ...]
    start: datetime | None
    annotations: tuple[Annotation, ...]
    remarks: tuple[str, ...]
    first_records: tuple[int, ...]
    layout: Layout
    numbers: tuple[int, ...]
    scales: tuple[tuple[float, float], ...]

    def read(self, channels: Sequence[int], segment: int, first: int, after: int) -> np.ndarray:
        """Return float64 (samples, channels); see `Recording`."""
        in_record = self.layout.samples[self.numbers[channels[0]]]
        begin, end = first // in_record, -(-after // in_record)
        records = self._records(self.first_records[segment] + begin, end - begin)
        values = np.empty((after - first, len(channels)))
        for column, channel in enumerate(channels):
            low, high = self.layout.offsets[self.numbers[channel] :][:2]
            digits = _digits(records[:, low:high], self.layout.bytes_per_sample)
            gain, offset = self.scales[channel]
            values[:, column] = digits[first - begin * in_record :][: after - first] * gain + offset
        return values

    def _records(self, first: int, count: int) -> np.ndarray:
        """Return (count, bytes), without a memory map, whose pages would count as memory of this process."""
        size = self.layout.offsets[-1]
        try:
            records = np.fromfile(self.path, np.uint8, count * size, offset=len(self.layout.header) + first * size)
        except OSError as error:
            raise refusal(self.path, "a file that can be read", error.strerror, "copy it to another disk") from error
        if len(records) < count * size:
            raise refusal(self.path, "a file that stays as it is", "it has become shorter", "predict it again")
        return records.reshape(count, size)


def _digits(stored: np.ndarray, bytes_per_sample: int) -> np.ndarray:
    """Return the integers in (records, bytes) of one signal."""
    stored = np.ascontiguousarray(stored)
    if bytes_per_sample == 2:
        return stored.view("<i2").ravel()
    wide = np.zeros((stored.size // 3, 4), np.uint8)
    wide[:, 1:] = stored.reshape(-1, 3)  # the upper 24 of 32 bits, for the sign
    return np.asarray(wide.view("<i4").ravel() >> 8)


def open_edf(path: Path) -> EdfRecording:
    """Return the recording in an EDF or BDF file.

    A truncated file is read up to its last complete record. In a discontinuous file (EDF+D) the time stamps place the
    records.

    Raises:
        HbacError: the header is invalid, no record is complete, or the time stamps are wrong.
    """
    layout = read_layout(path)
    ordinary = [number for number, annotation in enumerate(layout.is_annotation) if not annotation]
    used = [number for number in ordinary if layout.samples[number] > 0]
    record = layout.offsets[-1]
    whole = (path.stat().st_size - len(layout.header)) // max(record, 1)
    if not used or whole < 1:
        found = f"{whole} whole records of {record} bytes" if used else "no signal but annotations"
        raise refusal(path, "records of signals", found, "copy or export it again")
    header = _header(path, layout)
    described = [header.signals[ordinary.index(number)] for number in used]
    stamps = _stamps(path, layout, whole)
    kind = header.reserved[3:5]
    onsets = _onsets(path, stamps, whole) if kind == "+D" else None
    first_records, segments = _segments(path, onsets, layout.duration, whole)
    zero = record_onset(path, 0, stamps[0][0]) if stamps and kind in ("+C", "+D") else Fraction()
    return EdfRecording(
        path=path,
        channels=tuple(
            _channel(path, signal, layout.samples[number] / layout.duration)
            for number, signal in zip(used, described, strict=True)
        ),
        segments=segments,
        start=_start(header),
        annotations=tuple(sorted(annotations_in(stamps, zero), key=lambda one: one.onset)),
        remarks=_remarks(layout, whole, segments),
        first_records=first_records,
        layout=layout,
        numbers=tuple(used),
        scales=tuple(_scale(signal) for signal in described),
    )


def _header(path: Path, layout: Layout) -> "Edf | Bdf":
    """Return the header as edfio parses it, with the first record, whose time stamp belongs to the clock time."""
    from edfio import read_bdf, read_edf

    reader = read_edf if layout.bytes_per_sample == 2 else read_bdf
    with path.open("rb") as file:
        content = bytearray(file.read(len(layout.header) + layout.offsets[-1]))
    content[RECORDS] = b"1".ljust(8)
    try:
        return reader(io.BytesIO(content), header_encoding="latin-1")
    except Exception as error:  # edfio raises many types
        raise refusal(path, "an EDF or BDF header", error, "export it again") from error


def _channel(path: Path, signal: "EdfSignal | BdfSignal", rate: Fraction) -> Channel:
    label = signal.label
    try:
        digital, physical = signal.digital_range, signal.physical_range
    except ValueError as error:
        raise refusal(path, f"ranges of numbers for channel {label}", error, "export it again") from error
    if digital.min >= digital.max or physical.min == physical.max:
        expected = f"ranges of channel {label} that are not empty"
        found = f"{physical.min:g} to {physical.max:g} for digits from {digital.min} to {digital.max}"
        raise refusal(path, expected, found, "export it again")
    return Channel(label, signal.physical_dimension, rate, (min(physical), max(physical)))


def _scale(signal: "EdfSignal | BdfSignal") -> tuple[float, float]:
    digital, physical = signal.digital_range, signal.physical_range
    gain = (physical.max - physical.min) / (digital.max - digital.min)
    return gain, physical.min - digital.min * gain


def _stamps(path: Path, layout: Layout, whole: int) -> list[list[bytes]]:
    """Return the bytes of each annotation signal in each record; the first signal also has the time stamps."""
    places = [
        (layout.offsets[number], layout.offsets[number + 1] - layout.offsets[number])
        for number, annotation in enumerate(layout.is_annotation)
        if annotation
    ]
    with path.open("rb", buffering=0) as file:
        origins = [len(layout.header) + record * layout.offsets[-1] for record in range(whole)]
        return [[os.pread(file.fileno(), size, origin + place) for origin in origins] for place, size in places]


def _onsets(path: Path, stamps: list[list[bytes]], whole: int) -> list[Fraction]:
    """Return the onset of each record of a discontinuous file."""
    if not stamps:
        raise refusal(path, "a signal of annotations in EDF+D", "none", "export it as a continuous file (EDF+C)")
    return [record_onset(path, number, stamps[0][number]) for number in range(whole)]


def _segments(
    path: Path, onsets: list[Fraction] | None, duration: Fraction, whole: int
) -> tuple[tuple[int, ...], tuple[Segment, ...]]:
    """Return the first record of each run of records without gaps, and the times of the runs."""
    if onsets is None:
        return (0,), (Segment(Fraction(), whole * duration),)
    steps = [later - earlier for earlier, later in pairwise(onsets)]
    late = [number for number, step in enumerate(steps, 1) if step < duration - SAME_TIME]
    if late:
        expected = f"record {late[0] + 1} to begin when the one before has ended"
        found = f"{float(duration - steps[late[0] - 1]):g} s too early"
        raise refusal(path, expected, found, "export it as a continuous file (EDF+C)")
    if onsets[-1] - onsets[0] > LONGEST_DAYS * 86_400:
        found = f"{float(onsets[-1] - onsets[0]) / 86_400:.0f}"
        raise refusal(path, f"time stamps within {LONGEST_DAYS} days", found, "correct or split it")
    first = [0, *(number for number, step in enumerate(steps, 1) if step > duration + SAME_TIME)]
    after = [*first[1:], whole]
    return tuple(first), tuple(
        Segment(onsets[begin] - onsets[0], (end - begin) * duration) for begin, end in zip(first, after, strict=True)
    )


def _start(header: "Edf | Bdf") -> datetime | None:
    """Return the clock time of the first sample; without a date if the file hides it, None if it has none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the two dates of the header differ
        try:
            time = header.starttime
        except (ValueError, IndexError):
            return None
        try:
            date = header.startdate
        except (ValueError, IndexError):  # hidden, or none
            date = DATE_UNKNOWN
    start = datetime.combine(date, time)
    return None if start == datetime.combine(DATE_UNKNOWN, datetime.min.time()) else start


def _remarks(layout: Layout, whole: int, segments: tuple[Segment, ...]) -> tuple[str, ...]:
    remarks = []
    if layout.announced not in (-1, whole):
        remarks.append(f"the header announces {layout.announced} records, {whole} are there and were read")
    if len(segments) > 1:
        gaps = sum(later.start - earlier.start - earlier.seconds for earlier, later in pairwise(segments))
        length = timedelta(seconds=round(float(gaps)))
        remarks.append(f"{len(segments) - 1} gaps of {length} in all (discontinuous file)")
    return tuple(remarks)
