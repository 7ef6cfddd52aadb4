"""The spectrogram of a whole recording, averaged to the resolution of a picture while it is computed."""

import numpy as np

from hbac_assets.recordings.chunks import Chunk
from hbac_assets.signals.montage import CHAINS
from hbac_assets.signals.spectrogram_grid import BINS, SECONDS_PER_COLUMN

MOST_COLUMNS = 1500
"""Limit of the picture's columns, so that memory does not grow with the recording."""
LEAST_POWER = 1e-3
"""µV²/Hz, below the resolution of amplifiers."""


class Trend:
    """The mean logarithm of the power on each side of the head over time.

    Attributes:
        seconds: of the recording.
        seconds_per_column: of the trend, the least multiple of 2 s with at most `MOST_COLUMNS` columns.
    """

    def __init__(self, seconds: int) -> None:
        """Begin without chunks."""
        self.seconds = seconds
        columns = max(1, seconds // SECONDS_PER_COLUMN)
        self._averaged = -(-columns // MOST_COLUMNS)
        self.seconds_per_column = self._averaged * SECONDS_PER_COLUMN
        shape = 2, BINS, -(-columns // self._averaged)
        self._sums, self._counts = np.zeros(shape), np.zeros(shape)

    def add(self, chunk: Chunk) -> None:
        """Add a chunk's columns, without its margins."""
        first = (chunk.start - chunk.origin) // SECONDS_PER_COLUMN
        count = (chunk.after - chunk.start) // SECONDS_PER_COLUMN
        power = chunk.spectrogram[:, first : first + count]
        logarithm = np.log(np.maximum(power, LEAST_POWER)).reshape(len(CHAINS), BINS, count)
        places = (chunk.start // SECONDS_PER_COLUMN + np.arange(count)) // self._averaged
        for number, chain in enumerate(CHAINS):
            side = "LR".index(chain[0])
            there = ~np.isnan(logarithm[number])
            np.add.at(self._sums[side].T, places, np.where(there, logarithm[number], 0).T)
            np.add.at(self._counts[side].T, places, there.T)

    def log_power(self) -> np.ndarray:
        """Return (2, 100, columns), left and right, natural logarithm of µV²/Hz; NaN where missing."""
        return np.where(self._counts > 0, self._sums / np.maximum(self._counts, 1), np.nan)
