"""Independent streams of random numbers, slow random change, and ids that do not repeat."""

from enum import IntEnum

import numpy as np


class Purpose(IntEnum):
    """What a stream is for; never 0, since numpy takes trailing zeros of a seed for absent."""

    IDS = 1
    TRAIN_PATIENTS = 2
    TEST_PATIENTS = 3
    TRAIN_RECORDING = 4
    TEST_RECORDING = 5
    TRAIN_SAMPLES = 6
    TEST_SAMPLES = 7


def stream(seed: int, purpose: Purpose, index: int = 0) -> np.random.Generator:
    """Return the generator of one purpose and index, independent of all others and of the order of calls."""
    return np.random.default_rng([seed, index, purpose])


def fluctuations(rng: np.random.Generator, count: int, seconds: int, scale: float) -> np.ndarray:
    """Return smooth stationary Gaussian processes of unit variance.

    Args:
        rng: source of the white noise that is smoothed.
        count: number of independent processes.
        seconds: their length; one value a second.
        scale: standard deviation of the smoothing kernel in seconds.

    Returns:
        (count, seconds)
    """
    from scipy.ndimage import gaussian_filter1d

    margin = int(4 * scale)
    noise = rng.standard_normal((count, seconds + 2 * margin))
    smooth: np.ndarray = gaussian_filter1d(noise, scale, axis=1)[:, margin : margin + seconds]
    # White noise under a Gaussian kernel keeps 1 / (2 √π scale) of its variance.
    smooth *= np.sqrt(2 * np.sqrt(np.pi) * scale)
    return smooth


class Ids:
    """Ids without repetition, from ranges like the competition's."""

    def __init__(self, seed: int, most: int) -> None:
        """Prepare for at most so many ids of each sort."""
        rng = stream(seed, Purpose.IDS)
        self._patients, self._eegs, self._spectrograms, self._labels = (
            iter((rng.choice(end, min(most, end), replace=False) + 1).tolist())
            for end in (65_000, 4_290_000_000, 2_140_000_000, 4_290_000_000)
        )

    def patient(self) -> int:
        """Return a new patient_id."""
        return int(next(self._patients))

    def eeg(self) -> int:
        """Return a new eeg_id."""
        return int(next(self._eegs))

    def spectrogram(self) -> int:
        """Return a new spectrogram_id."""
        return int(next(self._spectrograms))

    def label(self) -> int:
        """Return a new label_id."""
        return int(next(self._labels))
