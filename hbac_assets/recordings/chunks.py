"""Chunks of an hour: the EEG, the spectrogram and the signal quality around the moments of a recording."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from hbac_assets.recordings.quality import MEASURES, quality
from hbac_assets.recordings.signals import Signals
from hbac_assets.signals.montage import EEG_RATE, ELECTRODES
from hbac_assets.signals.multitaper import multitaper_spectrogram
from hbac_assets.signals.spectrogram_grid import SECONDS_PER_COLUMN, SPECTROGRAM_COLUMNS, WINDOW_COLUMNS

CHUNK_SECONDS = 3600
"""Length of a chunk, s; with its margins its EEG has 65 MB."""
REACH_SECONDS = WINDOW_COLUMNS * SECONDS_PER_COLUMN // 2
"""Half of the longest window of a moment, s."""
LEAD_SECONDS = 30
"""Additional margin of the high-pass filter, s: its transients have then decayed below float32's resolution."""
BLOCK_SECONDS = 60
"""Length of a block that is read at once, s; at 2 kHz, 19 channels have 18 MB."""


@dataclass(frozen=True)
class Chunk:
    """Seconds `start` up to `after` of a recording, with margins; all arrays begin at second `origin`.

    Attributes:
        eeg: float32 (samples, 19) in µV at 200 Hz, NaN where missing.
        spectrogram: float32 (400, columns) in µV²/Hz, NaN where missing.
        quality: float32 (seconds, 3); see `quality.MEASURES`.
    """

    start: int
    after: int
    origin: int
    eeg: np.ndarray
    spectrogram: np.ndarray
    quality: np.ndarray


def whole_seconds(signals: Signals) -> int:
    """Return the number of whole seconds of the recording, including gaps."""
    return signals.samples // EEG_RATE


def chunks(signals: Signals, seconds: int = CHUNK_SECONDS) -> Iterator[Chunk]:
    """Yield the recording in chunks of an hour, or of another even number of seconds.

    Raises:
        HbacError: a part of the file cannot be read.
    """
    end = whole_seconds(signals)
    for start in range(0, end, seconds):
        yield chunk(signals, start, min(start + seconds, end))


def chunk(signals: Signals, start: int, after: int) -> Chunk:
    """Return the chunk from `start`, an even number of seconds, up to `after`.

    Its spectrogram equals that of the whole recording, since the filter runs over a margin.
    """
    origin, end = start - REACH_SECONDS - LEAD_SECONDS, after + REACH_SECONDS + LEAD_SECONDS
    eeg = np.full(((end - origin) * EEG_RATE, len(ELECTRODES)), np.nan, np.float32)
    rated = np.zeros((end - origin, len(MEASURES)), np.float32)
    rated[:, MEASURES.index("missing")] = 1
    begin, stop = max(origin, 0), min(end * EEG_RATE, signals.samples)
    limits = signals.limits
    for second in range(begin, -(-stop // EEG_RATE), BLOCK_SECONDS):
        first, last = second * EEG_RATE, min((second + BLOCK_SECONDS) * EEG_RATE, stop)
        block = signals.between(first, last)
        eeg[first - origin * EEG_RATE : last - origin * EEG_RATE] = signals.derivation.electrodes(block)
        found = quality(block, limits)
        rated[second - origin : second - origin + len(found)] = found
    power = np.full((len(SPECTROGRAM_COLUMNS), (end - origin) // SECONDS_PER_COLUMN), np.nan, np.float32)
    columns = _power(eeg[(begin - origin) * EEG_RATE : stop - origin * EEG_RATE])
    place = (begin - origin) // SECONDS_PER_COLUMN
    power[:, place : place + columns.shape[1]] = columns
    return Chunk(
        start,
        after,
        start - REACH_SECONDS,
        eeg[LEAD_SECONDS * EEG_RATE : -LEAD_SECONDS * EEG_RATE],
        power[:, LEAD_SECONDS // SECONDS_PER_COLUMN : -LEAD_SECONDS // SECONDS_PER_COLUMN],
        rated[LEAD_SECONDS:-LEAD_SECONDS],
    )


def _power(eeg: np.ndarray) -> np.ndarray:
    """Return the spectrogram of (samples, 19) after subtracting offsets.

    The high-pass filter would do so, except where samples are missing, which it sees as zeros with a step.
    """
    there = ~np.isnan(eeg)
    offsets = np.add.reduce(eeg, axis=0, dtype=np.float64, where=there) / np.maximum(there.sum(axis=0), 1)
    return multitaper_spectrogram(eeg - offsets.astype(np.float32))
