"""The window around a moment of a recording: the EEG and the spectrogram from which a model's input is made."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32

from hbac_assets.signals.montage import EEG_RATE, EEG_WINDOW, ELECTRODES
from hbac_assets.signals.spectrogram_grid import SPECTROGRAM_COLUMNS, WINDOW_COLUMNS

SHAPES = {"eeg": (EEG_WINDOW, len(ELECTRODES)), "spectrogram": (len(SPECTROGRAM_COLUMNS), WINDOW_COLUMNS)}
"""Shapes of a window's arrays: samples at 200 Hz × electrodes; frequencies of four chains × columns of 2 s."""


@dataclass(frozen=True)
class Window:
    """The recording around one moment.

    Attributes:
        eeg: the 50 s around the moment at 200 Hz in µV, columns as in `montage.ELECTRODES`, NaN where samples are
            missing; None without EEG.
        spectrogram: the ten minutes around it in µV²/Hz on the competition's grid, for example from
            `multitaper_spectrogram`, NaN where power is missing; None without spectrogram.
        patient: the patient's id; None if unknown.
        recording: the id of the patient's EEG.
    """

    eeg: Float32[np.ndarray, "10000 19"] | None = None
    spectrogram: Float32[np.ndarray, "400 300"] | None = None
    patient: str | None = None
    recording: str = ""


def middle(eeg: Float[np.ndarray, "samples electrodes"], seconds: float) -> Float[np.ndarray, "fewer electrodes"]:
    """Return the middle `seconds` of a window of EEG at 200 Hz."""
    samples = round(seconds * EEG_RATE)
    start = (len(eeg) - samples) // 2
    return eeg[start : start + samples]


def missing_fraction(eeg: Float[np.ndarray, "samples electrodes"]) -> float:
    """Return the fraction of the samples without information: NaN, or of a constant electrode."""
    nothing = np.isnan(eeg)
    lowest, highest = np.fmin.reduce(eeg), np.fmax.reduce(eeg)
    return float(np.where(lowest < highest, nothing.mean(axis=0), 1).mean())
