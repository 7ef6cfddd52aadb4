"""What the file of a recording becomes: one npy array.

Which values a right file has belongs to `spectrogram_file` and `eeg_file`; many files at once, to `conversion`.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np

from hbac_assets.competition.eeg_file import read_eeg
from hbac_assets.competition.faults import fault
from hbac_assets.competition.parquet_file import one_file_at_fault
from hbac_assets.competition.spectrogram_file import read_spectrogram
from hbac_assets.files import atomic_write
from hbac_assets.signals.eeg_recipe import EegRecipe
from hbac_assets.signals.eeg_spectrogram import eeg_spectrogram
from hbac_assets.signals.montage import CHAINS, EEG_RATE, EEG_WINDOW


@dataclass(frozen=True)
class SpectrogramFacts:
    """What became of one spectrogram."""

    columns: int
    """Length T of the array: one column each 2 s."""
    nan_share: float
    """Share of the values that were NaN and are now 0."""
    digest: str
    """SHA-256 of the npy file."""


@dataclass(frozen=True)
class EegFacts:
    """What became of one EEG."""

    nan_share: float
    """Share of the samples that are NaN."""
    digest: str
    """SHA-256 of the npy file."""


def convert_spectrogram(source: Path, target: Path) -> SpectrogramFacts:
    """Write the spectrogram of `source` to `target` as float32 (400, T), C-contiguous, NaN replaced by 0.

    Raises:
        RecordingError: `source` is not a spectrogram as `read_spectrogram` wants it.
        HbacError: `target` cannot be written.
    """
    power = read_spectrogram(source)
    missing = np.isnan(power)
    power[missing] = 0
    return SpectrogramFacts(power.shape[1], _share(missing), _write(target, power))


def convert_eeg(source: Path, target: Path, recipe: EegRecipe, offsets: Sequence[int]) -> EegFacts:
    """Write the spectrograms of windows of the EEG in `source` to `target`.

    The array is float32 (windows, 4 × bands, columns), as `eeg_spectrogram` makes each.

    Args:
        source: the EEG's file.
        target: the npy file.
        recipe: of the spectrograms.
        offsets: where the windows of 50 s begin, in seconds.

    Raises:
        RecordingError: `source` is not an EEG as `read_eeg` wants it, or ends before one of the windows does.
        HbacError: `target` cannot be written.
    """
    eeg = read_eeg(source)
    spectrograms = np.empty((len(offsets), len(CHAINS) * recipe.size[0], recipe.size[1]), np.float32)
    for spectrogram, offset in zip(spectrograms, offsets, strict=True):
        window = eeg[offset * EEG_RATE :][:EEG_WINDOW]
        if len(window) < EEG_WINDOW:
            expected = f"at least {offset * EEG_RATE + EEG_WINDOW} rows, for a label's window begins at {offset} s"
            with one_file_at_fault():
                raise fault(source, expected, len(eeg), "correct the label's offset or leave the recording out")
        spectrogram[:] = eeg_spectrogram(window, recipe)
    return EegFacts(_share(np.isnan(eeg)), _write(target, spectrograms))


def write_npy(path: Path, array: np.ndarray) -> str:
    """Write a C-contiguous array as `np.save` does, and return the SHA-256 of the file.

    A full disk is reported as one: `np.save` writes with C's own functions and raises an OSError without the system's
    error number. The digest is taken of what is in memory, so that the file need not be read again.
    """
    header = BytesIO()
    np.lib.format.write_array_header_1_0(header, np.lib.format.header_data_from_array_1_0(array))
    digest = hashlib.sha256(header.getvalue())
    digest.update(array.data)
    with path.open("wb") as file:
        file.write(header.getvalue())
        file.write(array.data)
    return digest.hexdigest()


def _share(true: np.ndarray) -> float:
    """Return the mean of booleans; counting them is faster than adding them up as numbers."""
    return np.count_nonzero(true) / true.size


def _write(target: Path, array: np.ndarray) -> str:
    # The index compares digests. Waiting for the disk would cost as much as a fifth of the conversion.
    with atomic_write(target, flushed=False, size=array.nbytes) as temporary:
        return write_npy(temporary, array)
