"""Mel spectrograms as librosa makes them, kept as arrays: the library itself compiles for minutes when first used.

`python -m hbac_assets_tests.signals.librosa_references` makes them anew, with librosa installed.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from hbac_assets.signals.eeg_recipe import EegRecipe
from hbac_assets.signals.montage import CHAINS, EEG_COLUMNS, EEG_RATE, ELECTRODES
from hbac_assets.signals.recipes import hop

FILE = Path(__file__).with_name("librosa_references.npz")
EVERY = (7, 5)
"""Every seventh row and fifth column of a spectrogram is kept."""

RECIPES: Mapping[str, Mapping[str, object]] = {
    "the default": {},
    "longer segments": {"segment_length": 256, "overlap": 206, "size": (64, 200)},
    "no overlap": {"overlap": 0, "size": (100, 78)},
    "another FFT length": {"fft_length": 512, "size": (80, 256)},
    "a segment as long as the FFT": {"segment_length": 512, "overlap": 462, "fft_length": 512, "size": (60, 200)},
    "up to Nyquist": {"frequencies": (2.5, 100), "size": (128, 256)},
    "frequencies between two bins": {"frequencies": (0.6, 33.3)},
}
LOUD = "little beside much"


def some_eeg() -> np.ndarray:
    """Return 50 s of noise with most power at low frequencies, offsets and a seizure-like rhythm, as EEG has."""
    rng = np.random.default_rng(0)
    walk = np.cumsum(rng.normal(0, 3, (10_000, 20)), axis=0)
    rhythm = 60 * np.sin(2 * np.pi * 3 * np.arange(10_000) / EEG_RATE) * (np.arange(10_000) > 6_000)
    eeg = walk + rng.normal(0, 5, walk.shape) + 300
    eeg[:, ELECTRODES.index("T4")] += rhythm
    return np.asarray(eeg, np.float32)


def loud_eeg() -> np.ndarray:
    """Return that EEG with a jump of 5 mV, and 10 s in which one difference is flat."""
    loud = some_eeg()
    loud[5_000:5_100, ELECTRODES.index("F7")] += 5_000
    loud[2_000:4_000, ELECTRODES.index("C4")] = 0
    loud[2_000:4_000, ELECTRODES.index("P4")] = 0
    return loud


def differences(eeg: np.ndarray, chain: str) -> list[np.ndarray]:
    """Return the bipolar derivations of a chain."""
    place = {name: eeg[:, EEG_COLUMNS.index(name)] for name in CHAINS[chain]}
    return [place[front] - place[back] for front, back in zip(CHAINS[chain], CHAINS[chain][1:], strict=False)]


def by_librosa(eeg: np.ndarray, recipe: EegRecipe) -> np.ndarray:
    """Return the spectrograms of the four chains as the public notebooks make them with librosa."""
    import librosa

    def image(signal: np.ndarray) -> np.ndarray:
        power = librosa.feature.melspectrogram(
            y=signal, sr=EEG_RATE, hop_length=hop(recipe), n_fft=recipe.fft_length, win_length=recipe.segment_length,
            n_mels=recipe.size[0], fmin=recipe.frequencies[0], fmax=recipe.frequencies[1],
        )  # fmt: skip
        decibels: np.ndarray = librosa.power_to_db(power, ref=np.max)
        return (decibels[:, : recipe.size[1]] + 40) / 40

    return np.concatenate([np.mean([image(one) for one in differences(eeg, chain)], axis=0) for chain in CHAINS])


def thinned(image: np.ndarray) -> np.ndarray:
    """Return what is kept of a spectrogram."""
    return image[:: EVERY[0], :: EVERY[1]]


def references() -> dict[str, np.ndarray]:
    """Return what librosa makes of each recipe, thinned."""
    made = {name: by_librosa(some_eeg(), EegRecipe.model_validate(recipe)) for name, recipe in RECIPES.items()}
    made[LOUD] = by_librosa(loud_eeg(), EegRecipe())
    return {name: thinned(image).astype(np.float32) for name, image in made.items()}


if __name__ == "__main__":
    np.savez_compressed(FILE, **references())  # type: ignore[arg-type]
