"""The moments of a chunk with their windows, as far as enough of each is covered."""

from dataclasses import dataclass

import numpy as np

from hbac_assets.recordings.chunks import REACH_SECONDS, Chunk
from hbac_assets.recordings.quality import MEASURES
from hbac_assets.signals.montage import EEG_RATE, EEG_WINDOW_SECONDS, LABEL_SECONDS
from hbac_assets.signals.spectrogram_grid import SECONDS_PER_COLUMN, WINDOW_COLUMNS
from hbac_assets.signals.window import Window

LEAST_COVERED = 0.9
"""Minimum covered fraction of a window for probabilities. On 24 synthetic recordings, the leading class of quickstart's
ensemble differs from that of complete windows in 12 % at 0.9, in 25 % at 0.75, in 50 % at 0.5."""

MOST_LACKING = 0.5
"""Tolerated missing or flat fraction of a second's samples, over all channels, since a few electrodes often are bad."""


@dataclass(frozen=True)
class Reach:
    """The seconds around a moment that an ensemble uses of each kind of recording; 0 if none."""

    spectrogram: int
    eeg: int


@dataclass(frozen=True)
class Moments:
    """The moments of a chunk.

    Attributes:
        middles: (N,) seconds from the first sample, even.
        quality: (N, 3), means over the 50 s of EEG; see `quality.MEASURES`.
        covered: for `spectrogram` and `eeg`, if used, (N,): the fraction of the window's seconds with a signal in at
            least half of the channels.
        windows: the recording around each; without insufficiently covered parts.
    """

    middles: np.ndarray
    quality: np.ndarray
    covered: dict[str, np.ndarray]
    windows: list[Window]

    @property
    def seen(self) -> np.ndarray:
        """(N,) whether a moment has any window."""
        enough = [fractions >= LEAST_COVERED for fractions in self.covered.values()]
        return np.asarray(np.logical_or.reduce(enough))


def moments(chunk: Chunk, reach: Reach, step: int, end: int) -> Moments:
    """Return the moments of a chunk: each multiple of `step` whose ten seconds are within the recording.

    Args:
        chunk: the chunk.
        reach: of the ensemble.
        step: seconds, even, so that spectrogram columns align as in the competition.
        end: of the recording, s.
    """
    half = LABEL_SECONDS // 2
    first = max(chunk.start, half)
    middles = np.arange(-(-first // step) * step, min(chunk.after, end - half + 1), step)
    lacking = chunk.quality[:, [MEASURES.index("missing"), MEASURES.index("flat")]].sum(axis=1)
    there = lacking <= MOST_LACKING
    lengths = {name: length for name in ("spectrogram", "eeg") if (length := getattr(reach, name))}
    covered = {name: _means(there, middles - chunk.origin, length) for name, length in lengths.items()}
    return Moments(
        middles,
        np.stack([_means(kind, middles - chunk.origin, EEG_WINDOW_SECONDS) for kind in chunk.quality.T], axis=1),
        covered,
        [
            Window(
                eeg=_eeg(chunk, middle) if "eeg" in enough else None,
                spectrogram=_spectrogram(chunk, middle) if "spectrogram" in enough else None,
            )
            for number, middle in enumerate(middles.tolist())
            for enough in [{name for name, fractions in covered.items() if fractions[number] >= LEAST_COVERED}]
        ],
    )


def _means(values: np.ndarray, middles: np.ndarray, length: int) -> np.ndarray:
    """Return the means over `length` seconds around each middle."""
    sums = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    return np.asarray((sums[middles + length // 2] - sums[middles - length // 2]) / length)


def _eeg(chunk: Chunk, middle: int) -> np.ndarray:
    begin = (middle - chunk.origin - EEG_WINDOW_SECONDS // 2) * EEG_RATE
    return chunk.eeg[begin : begin + EEG_WINDOW_SECONDS * EEG_RATE]


def _spectrogram(chunk: Chunk, middle: int) -> np.ndarray:
    begin = (middle - chunk.origin - REACH_SECONDS) // SECONDS_PER_COLUMN
    return chunk.spectrogram[:, begin : begin + WINDOW_COLUMNS]
