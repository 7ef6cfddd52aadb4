"""Independent random streams, slow random processes, and unique ids."""

import math
from collections.abc import Iterator
from enum import IntEnum

import numpy as np

from hbac_assets.signals.montage import EEG_RATE


class Purpose(IntEnum):
    """The purpose of a stream; never 0, since numpy ignores trailing zeros of a seed."""

    IDS = 1
    TRAIN_PATIENTS = 2
    TEST_PATIENTS = 3
    TRAIN_RECORDING = 4
    TEST_RECORDING = 5
    TRAIN_SAMPLES = 6
    TEST_SAMPLES = 7
    TRAIN_FILE = 8
    TRAIN_COURSE = 9
    TEST_COURSE = 10
    TRAIN_VOTES = 11
    TEST_VOTES = 12


def stream(seed: int, purpose: Purpose, index: int = 0) -> np.random.Generator:
    """Return the generator of a purpose and index, independent of all others and of the order of calls."""
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
    # Smoothing with a Gaussian kernel keeps 1 / (2 √π scale) of the variance of white noise.
    smooth *= np.sqrt(2 * np.sqrt(np.pi) * scale)
    return smooth


def to_samples(values: np.ndarray, samples: int, rate: int = 1) -> np.ndarray:
    """Return slow processes at the EEG's rate, linearly interpolated between the middles of their intervals.

    Args:
        values: (…, steps), at least samples · rate / 200 of them.
        samples: length of the result.
        rate: of the values, Hz; a divisor of 200.

    Returns:
        (…, samples) float32
    """
    step = EEG_RATE // rate
    edged = np.concatenate([values[..., :1], values, values[..., -1:]], axis=-1).astype(np.float32)
    weight = (np.arange(step, dtype=np.float32) + np.float32(0.5)) / np.float32(step)
    between = edged[..., :-1, None] + np.diff(edged, axis=-1)[..., None] * weight
    return np.ascontiguousarray(between.reshape(*values.shape[:-1], -1)[..., step // 2 : step // 2 + samples])


def some_stretch(rng: np.random.Generator, samples: int, shortest: float, longest: float) -> tuple[int, int]:
    """Return start and length, in samples, of a random stretch within a recording; its bounds are in seconds."""
    length = min(int(rng.uniform(shortest, longest) * EEG_RATE), samples)
    return int(rng.integers(samples - length + 1)), length


def white_noise(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Return white noise of unit variance, uniform rather than Gaussian, which is several times faster.

    After filtering or summation it is nearly Gaussian.

    Returns:
        float32 of the shape
    """
    noise = np.frombuffer(rng.bytes(2 * math.prod(shape)), "<i2").astype(np.float32).reshape(shape)
    noise *= np.float32(math.sqrt(3) / 2**15)
    return noise


class Ids:
    """Unique ids, from ranges like the competition's."""

    def __init__(self, seed: int) -> None:
        """Prepare the ids of a data set."""
        ends = (65_000, 4_290_000_000, 2_140_000_000, 4_290_000_000)
        self._patients, self._eegs, self._spectrograms, self._labels = (
            _distinct(stream(seed, Purpose.IDS, sort), end) for sort, end in enumerate(ends)
        )

    def patient(self) -> int:
        """Return a new patient_id."""
        return next(self._patients)

    def eeg(self) -> int:
        """Return a new eeg_id."""
        return next(self._eegs)

    def spectrogram(self) -> int:
        """Return a new spectrogram_id."""
        return next(self._spectrograms)

    def label(self) -> int:
        """Return a new label_id."""
        return next(self._labels)


def _distinct(rng: np.random.Generator, end: int) -> Iterator[int]:
    """Return random numbers from 1 to the end without repetition."""
    seen: set[int] = set()
    while len(seen) < end:
        for number in rng.integers(1, end + 1, 1_000).tolist():
            if number not in seen:
                seen.add(number)
                yield number
