"""The time-frequency grid of the competition's spectrogram files.

Frequencies, columns and seconds belong here, the computation of the power to `multitaper`.
"""

import numpy as np
from jaxtyping import Int

from hbac_assets.signals.montage import CHAINS, EEG_RATE

FFT_LENGTH = 1024
FIRST_BIN, BINS = 3, 100
FREQUENCIES = np.arange(FIRST_BIN, FIRST_BIN + BINS) * (EEG_RATE / FFT_LENGTH)
"""(100,) in Hz, 0.59 to 19.92."""

SECONDS_PER_COLUMN = 2
WINDOW_COLUMNS = 300
"""Columns of the ten minutes around a labelled moment."""


def _hundredths(frequency: float) -> float:
    """Round half up, as in the files' column names: 3.125 Hz is "3.13"."""
    return float(np.floor(frequency * 100 + 0.5) / 100)


SPECTROGRAM_COLUMNS = tuple(f"{chain}_{_hundredths(frequency)}" for chain in CHAINS for frequency in FREQUENCIES)
"""(400,) names, "LL_0.59" to "RP_19.92"; in a file they follow the column `time`."""


def column_seconds(columns: int) -> Int[np.ndarray, " {columns}"]:
    """Return the file's `time`: the middle of each column in seconds, 1, 3, 5, …"""
    return np.arange(columns) * SECONDS_PER_COLUMN + SECONDS_PER_COLUMN // 2
