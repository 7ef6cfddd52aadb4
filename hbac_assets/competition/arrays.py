"""Conversion of one recording's file to an npy array.

Validation of the file belongs to `spectrogram_file` and `eeg_file`; conversion of many files to `conversion`.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from hbac_assets.competition.eeg_file import read_eeg
from hbac_assets.competition.spectrogram_file import read_spectrogram
from hbac_assets.competition.windows import eeg_window, in_the_middle
from hbac_assets.signals.eeg_arrays import Recipe, array_of
from hbac_assets.signals.montage import EEG_WINDOW
from hbac_assets.signals.spectrogram_grid import WINDOW_COLUMNS
from hbac_assets.signals.window import middle, missing_fraction
from hbac_assets.store.files import atomic_write


@dataclass(frozen=True)
class SpectrogramFacts:
    """The facts of one converted spectrogram."""

    columns: int
    """Length T of the array: one column each 2 s."""
    nan_share: float
    """Fraction of the values that were NaN and are now 0."""
    gaps: str
    """Runs of columns without any power, as `first-last`, separated by spaces."""
    digest: str
    """SHA-256 of the npy file."""


@dataclass(frozen=True)
class EegFacts:
    """The facts of one converted EEG."""

    nan_share: float
    """Fraction of the samples that are NaN."""
    missing: list[float | None]
    """Per window, the fraction of the samples used by the recipe that are NaN or from a constant electrode; None if the
    window is not within the recording."""
    digest: str
    """SHA-256 of the npy file."""


def convert_spectrogram(source: Path, target: Path, least_columns: int = WINDOW_COLUMNS) -> SpectrogramFacts:
    """Write the spectrogram of `source` to `target` as float32 (400, T), C-contiguous, NaN replaced by 0.

    A recording shorter than a window is centred in one.

    Args:
        source: the spectrogram's file.
        target: the npy file.
        least_columns: the minimum length T.

    Raises:
        RecordingError: `source` is not a spectrogram that `read_spectrogram` accepts.
        HbacError: `target` cannot be written.
    """
    power = in_the_middle(read_spectrogram(source, least_columns), WINDOW_COLUMNS, axis=1)
    missing = np.isnan(power)
    power[missing] = 0
    facts = power.shape[1], _fraction(missing), _runs(~power.any(axis=0))
    return SpectrogramFacts(*facts, _write(target, np.ascontiguousarray(power)))


def convert_eeg(
    source: Path, target: Path, recipe: Recipe, offsets: Sequence[int], least_samples: int = EEG_WINDOW
) -> EegFacts:
    """Write the arrays of windows of the EEG in `source`, made by a recipe, to `target`.

    The array is (windows, *recipe.shape), of the recipe's type, each as `signals.eeg_arrays.array_of` makes it; zero
    for a window entirely outside the recording.

    Args:
        source: the EEG's file.
        target: the npy file.
        recipe: of spectrograms or waveforms.
        offsets: the beginnings of the 50 s windows, in seconds; `windows.MIDDLE` for the middle of the recording.
        least_samples: the minimum length; of an EEG shorter than a window, the rest counts as missing.

    Raises:
        RecordingError: `source` is not an EEG that `read_eeg` accepts.
        HbacError: `target` cannot be written.
    """
    eeg = in_the_middle(read_eeg(source, least_samples), EEG_WINDOW, axis=0)
    arrays = np.zeros((len(offsets), *recipe.shape), recipe.dtype)
    missing: list[float | None] = []
    for array, offset in zip(arrays, offsets, strict=True):
        window = eeg_window(eeg, offset)
        whole = len(window) == EEG_WINDOW
        missing.append(missing_fraction(middle(window, recipe.seconds)) if whole else None)
        if whole and missing[-1] != 1:
            array[:] = array_of(window, recipe)
    return EegFacts(_fraction(np.isnan(eeg)), missing, _write(target, arrays))


def _runs(true: Any) -> str:
    """Return the runs of true values as `first-last`, separated by spaces."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], true, [False]])))
    return " ".join(f"{first}-{after - 1}" for first, after in edges.reshape(-1, 2))


def write_npy(path: Path, array: np.ndarray) -> str:
    """Write a C-contiguous array as `np.save` does, and return the SHA-256 of the file.

    A full disk is reported as such: `np.save` writes with C functions and raises an OSError without the system's error
    number. The digest is computed in memory, so that the file need not be read again.
    """
    header = BytesIO()
    np.lib.format.write_array_header_1_0(header, np.lib.format.header_data_from_array_1_0(array))
    digest = hashlib.sha256(header.getvalue())
    digest.update(array.data)
    with path.open("wb") as file:
        file.write(header.getvalue())
        file.write(array.data)
    return digest.hexdigest()


def _fraction(true: np.ndarray) -> float:
    """Return the mean of booleans; counting them is faster than summing them as numbers."""
    return np.count_nonzero(true) / true.size


def _write(target: Path, array: np.ndarray) -> str:
    # The index compares digests. Flushing to disk would take up to a fifth of the conversion's time.
    with atomic_write(target, flushed=False, size=array.nbytes) as temporary:
        return write_npy(temporary, array)
