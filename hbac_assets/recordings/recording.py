"""A recording independent of its format: channels, segments without gaps, annotations, and access to samples."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import numpy as np

from hbac_assets.errors import HbacError

DATE_UNKNOWN = date(1985, 1, 1)
"""The date of a recording that hides it: the first that EDF can store, as EDF+ prescribes."""


@dataclass(frozen=True)
class Channel:
    """A channel as its file describes it.

    Attributes:
        label: its name in the file.
        unit: of the values that `Recording.read` returns, in the file's spelling.
        rate: in samples a second.
        limits: the lowest and highest value that can be stored, in `unit`; infinite if the format has none.
    """

    label: str
    unit: str
    rate: Fraction
    limits: tuple[float, float] = (-np.inf, np.inf)


@dataclass(frozen=True)
class Annotation:
    """An annotation: onset in seconds from the first sample, duration in seconds (0 if not given)."""

    onset: float
    duration: float
    text: str


@dataclass(frozen=True)
class Segment:
    """A part of the recording without gaps: start in seconds from the first sample of the file, and length."""

    start: Fraction
    seconds: Fraction


class Recording(Protocol):
    """An open recording.

    Attributes:
        path: its file.
        channels: of signals.
        segments: in temporal order, without overlap.
        start: clock time of the first sample, without a time zone, on `DATE_UNKNOWN` where the date is hidden; None
            if the file has none.
        annotations: in the order of their onsets.
        remarks: for the user, on how the file was read.
    """

    @property
    def path(self) -> Path: ...  # noqa: D102
    @property
    def channels(self) -> tuple[Channel, ...]: ...  # noqa: D102
    @property
    def segments(self) -> tuple[Segment, ...]: ...  # noqa: D102
    @property
    def start(self) -> datetime | None: ...  # noqa: D102
    @property
    def annotations(self) -> tuple[Annotation, ...]: ...  # noqa: D102
    @property
    def remarks(self) -> tuple[str, ...]: ...  # noqa: D102

    def read(self, channels: Sequence[int], segment: int, first: int, after: int) -> np.ndarray:
        """Return float64 (samples, channels) from sample `first` of a segment up to `after`, in the file's units.

        The channels have one rate.

        Raises:
            HbacError: the file cannot be read there.
        """
        ...


def seconds(recording: Recording) -> float:
    """Return the time from the first sample to the end of the last, including gaps."""
    last = recording.segments[-1]
    return float(last.start + last.seconds)


def refusal(path: Path, expected: str, found: object, remedy: str) -> HbacError:
    """Return the error for a file that cannot be read as a recording."""
    return HbacError(f"{path}: expected {expected}, found {' '.join(str(found).split())}; {remedy}")
