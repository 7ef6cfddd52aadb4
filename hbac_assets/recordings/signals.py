"""Any stretch of a recording's EEG at 200 Hz, independent of its channels, rates and gaps."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, partial

import numpy as np

from hbac_assets.recordings.derivation import Derivation
from hbac_assets.recordings.recording import Recording
from hbac_assets.recordings.resampling import resampled, resampled_length
from hbac_assets.signals.montage import EEG_RATE


@dataclass(frozen=True)
class Signals:
    """The channels that a derivation uses, in µV at 200 Hz; sample k is at k / 200 s.

    A segment begins at the nearest sample, which shifts it by at most 2.5 ms.
    """

    recording: Recording
    derivation: Derivation

    @property
    def samples(self) -> int:
        """The number of samples, including gaps."""
        start, length = self._places[-1]
        return start + length

    def between(self, first: int, after: int) -> np.ndarray:
        """Return float64 (after - first, channels), NaN in gaps and beyond the recording.

        Raises:
            HbacError: the file cannot be read there.
        """
        values = np.full((after - first, len(self.derivation.channels)), np.nan)
        for number, (start, length) in enumerate(self._places):
            begin, end = max(first, start), min(after, start + length)
            if begin < end:
                self._fill(values[begin - first : end - first], number, begin - start, end - start)
        values *= self.derivation.factors
        return values

    def _fill(self, values: np.ndarray, segment: int, first: int, after: int) -> None:
        """Fill (samples, channels) from a segment, resampling each channel from its rate."""
        for rate, columns in self._by_rate.items():
            numbers = [self.derivation.channels[column] for column in columns]
            samples = int(self.recording.segments[segment].seconds * rate)
            read = partial(self.recording.read, numbers, segment)
            values[:, columns] = resampled(read, samples, rate, first, after)

    @cached_property
    def _places(self) -> list[tuple[int, int]]:
        """The first sample and the number of samples of each segment."""
        return [
            (round(segment.start * EEG_RATE), resampled_length(segment.seconds)) for segment in self.recording.segments
        ]

    @cached_property
    def _by_rate(self) -> dict[Fraction, list[int]]:
        """The columns of each rate."""
        columns: dict[Fraction, list[int]] = {}
        for column, number in enumerate(self.derivation.channels):
            columns.setdefault(self.recording.channels[number].rate, []).append(column)
        return columns

    @property
    def limits(self) -> np.ndarray:
        """(2, channels): the lowest and the highest value that the file can store, in µV."""
        limits = np.array([self.recording.channels[number].limits for number in self.derivation.channels])
        return limits.T * self.derivation.factors
