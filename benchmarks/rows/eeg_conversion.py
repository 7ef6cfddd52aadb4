"""Mel spectrograms of EEGs, from parquet to npy, against librosa and joblib; and the transform alone."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.conversions import by_joblib, by_this_project, pairs_of_arrays, side, sources
from benchmarks.kaggle_files import EEG_ROWS, write_eegs
from benchmarks.pairs import compare
from benchmarks.table import Result, at_least
from hbac_assets.competition.arrays import EegFacts, convert_eeg
from hbac_assets.competition.conversion import Converter
from hbac_assets.competition.eeg_file import read_eeg
from hbac_assets.signals.eeg_recipe import EegRecipe
from hbac_assets.signals.eeg_spectrogram import eeg_spectrogram
from hbac_assets.signals.montage import CHAINS, EEG_RATE, EEG_WINDOW

ROW = 2
FILES, TRANSFORMED = 60, 12
WORK = f"{FILES} EEGs to mel spectrograms, parquet to npy"
AGAINST = "librosa, joblib on all cores"
TRANSFORM, AGAINST_TRANSFORM = "the transform alone, one thread", "librosa, one thread"
LEAST, LEAST_OF_TRANSFORM = 6.0, 8.0
TOLERANCE = 1e-4
RECIPE = EegRecipe()
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def run(workspace: Path) -> list[Result]:
    """Measure the conversion and the transform alone, and require equal spectrograms."""
    write_eegs(workspace / "raw", FILES)
    whole = compare(side("hbac_assets", f"{__name__}:ours", workspace), side(AGAINST, f"{__name__}:theirs", workspace))
    difference = largest_difference(workspace)
    if difference > TOLERANCE:
        raise ValueError(f"the spectrograms differ by {difference:.1e}, more than {TOLERANCE}")
    transform = compare(
        side("hbac_assets", f"{__name__}:our_transform", workspace, ONE_THREAD),
        side(AGAINST_TRANSFORM, f"{__name__}:their_transform", workspace, ONE_THREAD),
    )
    remark = f"the spectrograms are equal to {difference:.0e}"
    return [
        at_least(ROW, WORK, "files", AGAINST, whole, LEAST, remark),
        at_least(ROW, TRANSFORM, "files", AGAINST_TRANSFORM, transform, LEAST_OF_TRANSFORM, remark),
    ]


def ours(workspace: str) -> Callable[[], int]:
    """Prepare the conversion of this project."""
    return by_this_project(workspace, Converter("eeg_id", EegFacts, _convert, "1"))


def _convert(source: Path, target: Path) -> EegFacts:
    rows = EEG_ROWS[int(source.stem) % len(EEG_ROWS)]
    return convert_eeg(source, target, RECIPE, [(rows - EEG_WINDOW) // 2 // EEG_RATE])


def theirs(workspace: str) -> Callable[[], int]:
    """Prepare the conversion as the users of the public recipe write it."""
    return by_joblib(workspace, _convert_with_librosa)


def _convert_with_librosa(source: Path, target: Path) -> None:
    np.save(target, _mel_by_librosa(_middle(pd.read_parquet(source))))


def _mel_by_librosa(eeg: pd.DataFrame) -> np.ndarray:
    """Return (128, 256, 4): the mean over the four derivations of each chain."""
    import librosa

    image = np.zeros((128, 256, len(CHAINS)), dtype="float32")
    for place, electrodes in enumerate(CHAINS.values()):
        for front, back in pairwise(electrodes):
            signal = eeg[front].to_numpy() - eeg[back].to_numpy()
            mean = np.nanmean(signal)
            signal = np.nan_to_num(signal, nan=mean) if np.isfinite(mean) else np.zeros_like(signal)
            power = librosa.feature.melspectrogram(
                y=signal, sr=200, hop_length=len(signal) // 256, n_fft=1024, n_mels=128, fmin=0, fmax=20, win_length=128
            )
            decibels = librosa.power_to_db(power, ref=np.max).astype(np.float32)[:, :256]
            image[:, :, place] += (decibels + 40) / 40
        image[:, :, place] /= 4
    return image


def our_transform(workspace: str) -> Callable[[], int]:
    """Prepare the transform of this project, of windows in memory."""
    windows = [_middle(read_eeg(source)) for source in sources(workspace)[:TRANSFORMED]]
    return lambda: len([eeg_spectrogram(window, RECIPE) for window in windows])


def their_transform(workspace: str) -> Callable[[], int]:
    """Prepare librosa's transform, of windows in memory."""
    windows = [_middle(pd.read_parquet(source)) for source in sources(workspace)[:TRANSFORMED]]
    return lambda: len([_mel_by_librosa(window) for window in windows])


def largest_difference(workspace: Path) -> float:
    """Return the largest difference between the spectrograms of the two sides, on their scale from -1 to 1."""
    largest = 0.0
    for our_path, their_path in pairs_of_arrays(workspace):
        theirs = np.load(their_path, allow_pickle=False).transpose(2, 0, 1)
        ours = np.load(our_path, allow_pickle=False).reshape(theirs.shape)
        largest = max(largest, float(np.abs(ours - theirs).max()))
    return largest


def _middle(eeg: Any) -> Any:
    """Return the middle 50 s of an array or a table of samples."""
    start = (len(eeg) - EEG_WINDOW) // 2
    return eeg[start : start + EEG_WINDOW]
