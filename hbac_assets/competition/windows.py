"""The labelled windows of recordings, which may be shorter than a window."""

import numpy as np

from hbac_assets.signals.montage import EEG_RATE, EEG_WINDOW
from hbac_assets.signals.spectrogram_grid import SECONDS_PER_COLUMN, WINDOW_COLUMNS

MIDDLE = -1
"""The offset of a test window that the table does not give: the middle of its recording."""
LEAST = 1
"""Minimum rows of a test recording: a short one is better than none."""


def in_the_middle(recording: np.ndarray, length: int, axis: int) -> np.ndarray:
    """Return a recording unchanged or, if shorter than `length`, centred in that and padded with NaN."""
    lacking = max(0, length - recording.shape[axis])
    if not lacking:
        return recording
    width = [(0, 0)] * recording.ndim
    width[axis] = (lacking // 2, lacking - lacking // 2)
    return np.pad(recording, width, constant_values=np.nan)


def eeg_window(eeg: np.ndarray, offset: int) -> np.ndarray:
    """Return the 50 s of an EEG (samples, electrodes) from `offset` seconds on, less if the recording ends."""
    start = (len(eeg) - EEG_WINDOW) // 2 if offset == MIDDLE else offset * EEG_RATE
    return eeg[start : start + EEG_WINDOW]


def spectrogram_window(power: np.ndarray, offset: int) -> np.ndarray:
    """Return the ten minutes (400, 300) of a spectrogram (400, T) from `offset` seconds on, NaN beyond its end."""
    start = (power.shape[1] - WINDOW_COLUMNS) // 2 if offset == MIDDLE else offset // SECONDS_PER_COLUMN
    window = power[:, start : start + WINDOW_COLUMNS]
    return np.pad(window, ((0, 0), (0, WINDOW_COLUMNS - window.shape[1])), constant_values=np.nan)
