"""EDF, EDF+, BDF and BDF+: headers by edfio, samples from a memory map, gaps and annotations from the time stamps.

edfio reads a BDF file whole and a discontinuous file as a continuous one, hence the samples are read here.
"""

import io
import warnings
from collections.abc import Iterator, Sequence
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
"""From first to last sample; more comes from a wrong time stamp."""
SAME_TIME = Fraction(1, 1000)
"""Seconds by which a record may miss the end of the one before and still follow it."""


@dataclass(frozen=True, eq=False)
class EdfRecording:
    """A recording whose samples are read when they are asked for; see `Recording` for what is not described here.

    Attributes:
        first_records: the number of the first record of each segment.
        digits: the samples of each channel in whole records.
        scales: for each channel, how digits become values: digit × gain + offset.
    """

    path: Path
    channels: tuple[Channel, ...]
    segments: tuple[Segment, ...]
    start: datetime | None
    annotations: tuple[Annotation, ...]
    remarks: tuple[str, ...]
    first_records: tuple[int, ...]
    digits: tuple["_Digits", ...]
    scales: tuple[tuple[float, float], ...]

    def read(self, channels: Sequence[int], segment: int, first: int, after: int) -> np.ndarray:
        """Return float64 (samples, channels); see `Recording`."""
        values = np.empty((after - first, len(channels)))
        for column, channel in enumerate(channels):
            gain, offset = self.scales[channel]
            origin = self.first_records[segment] * self.digits[channel].in_record
            values[:, column] = self.digits[channel].between(origin + first, origin + after) * gain + offset
        return values


@dataclass(frozen=True, eq=False)
class _Digits:
    """The samples of one signal, as the file stores them.

    Attributes:
        stored: (records, bytes) of the signal, mapped from the file.
        bytes_per_sample: 2 or 3.
    """

    stored: np.ndarray
    bytes_per_sample: int

    @property
    def in_record(self) -> int:
        return int(self.stored.shape[1]) // self.bytes_per_sample

    def between(self, first: int, after: int) -> np.ndarray:
        """Return integers, counted from the first record of the file on."""
        begin = first // self.in_record
        stored = np.ascontiguousarray(self.stored[begin : -(-after // self.in_record)])
        if self.bytes_per_sample == 2:
            digits = stored.view("<i2").ravel()
        else:  # 24 bits become the upper ones of 32, so that the sign is where it belongs
            wide = np.zeros((stored.size // 3, 4), np.uint8)
            wide[:, 1:] = stored.reshape(-1, 3)
            digits = wide.view("<i4").ravel() >> 8
        return digits[first - begin * self.in_record : after - begin * self.in_record]


def open_edf(path: Path) -> EdfRecording:
    """Return the recording in an EDF or BDF file.

    A file cut short is read as far as its records are whole. Of a discontinuous file (EDF+D) each record is where its
    time stamp says.

    Raises:
        HbacError: the header is none, no record is whole, or the time stamps are wrong.
    """
    layout = read_layout(path)
    ordinary = [number for number, annotation in enumerate(layout.is_annotation) if not annotation]
    used = [number for number in ordinary if layout.samples[number] > 0]
    record = layout.offsets[-1]
    whole = (path.stat().st_size - len(layout.header)) // max(record, 1)
    if not used or whole < 1:
        found = f"{whole} whole records of {record} bytes" if used else "no signal but annotations"
        raise refusal(path, "records of signals", found, "copy or export it again")
    records = np.memmap(path, np.uint8, "r", len(layout.header), (whole, record))
    header = _header(path, layout, records[0].tobytes())
    described = [header.signals[ordinary.index(number)] for number in used]
    stamps = list(_annotation_bytes(layout, records))
    kind = header.reserved[3:5]
    onsets = _onsets(path, stamps, whole) if kind == "+D" else None
    first_records, segments = _segments(path, onsets, layout.duration, whole)
    zero = (
        record_onset(path, 0, stamps[0][0].tobytes()) if stamps and header.reserved[3:5] in ("+C", "+D") else Fraction()
    )
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
        digits=tuple(
            _Digits(records[:, layout.offsets[number] : layout.offsets[number + 1]], layout.bytes_per_sample)
            for number in used
        ),
        scales=tuple(_scale(signal) for signal in described),
    )


def _header(path: Path, layout: Layout, first_record: bytes) -> "Edf | Bdf":
    """Return what edfio makes of the header, with one record."""
    from edfio import read_bdf, read_edf

    one = bytearray(layout.header)
    one[RECORDS] = b"1".ljust(8)
    reader = read_edf if layout.bytes_per_sample == 2 else read_bdf
    try:
        return reader(io.BytesIO(bytes(one) + first_record), header_encoding="latin-1")
    except Exception as error:  # whatever the bytes make edfio raise
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


def _annotation_bytes(layout: Layout, records: np.ndarray) -> Iterator[np.ndarray]:
    """Yield (records, bytes) of each signal of annotations, of which the first also keeps the time."""
    for number, annotation in enumerate(layout.is_annotation):
        if annotation:
            yield records[:, layout.offsets[number] : layout.offsets[number + 1]]


def _onsets(path: Path, stamps: list[np.ndarray], whole: int) -> list[Fraction]:
    """Return the onset of each record of a discontinuous file."""
    if not stamps:
        raise refusal(path, "a signal of annotations in EDF+D", "none", "export it as a continuous file (EDF+C)")
    return [record_onset(path, number, stamps[0][number].tobytes()) for number in range(whole)]


def _segments(
    path: Path, onsets: list[Fraction] | None, duration: Fraction, whole: int
) -> tuple[tuple[int, ...], tuple[Segment, ...]]:
    """Return the first record of each run of records without gaps, and when the runs are."""
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
    """Return the clock time of the first sample; without a date where the file hides it, None where it has none."""
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
