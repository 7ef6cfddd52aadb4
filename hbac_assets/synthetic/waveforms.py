"""Shapes of single waves, and trains of them, for discharges, heartbeats and blinks."""

from collections.abc import Sequence

import numpy as np

from hbac_assets.signals.montage import EEG_RATE

Phases = Sequence[tuple[float, float, float]]
"""Height, time of the peak in s, standard deviation in s, of each Gaussian phase of a wave."""


def wave(seconds: float, phases: Phases) -> np.ndarray:
    """Return one wave as a sum of Gaussian phases.

    Args:
        seconds: length, with time 0 in its middle.
        phases: its Gaussian phases.

    Returns:
        (seconds · 200,)
    """
    time = np.arange(-seconds / 2, seconds / 2, 1 / EEG_RATE)
    height, peak, width = np.array(phases).T[..., None]
    total: np.ndarray = np.sum(height * np.exp(-0.5 * ((time - peak) / width) ** 2), axis=0)
    return total


def train(times: np.ndarray, heights: np.ndarray, shape: np.ndarray, samples: int) -> np.ndarray:
    """Return a wave at each of the times, scaled by its height.

    Args:
        times: seconds from the first sample; waves outside are left out.
        heights: one for each time.
        shape: the wave, centred on its time.
        samples: length of the result.

    Returns:
        (samples,) float32
    """
    at = np.floor(times * EEG_RATE).astype(int)
    inside = (at >= 0) & (at < samples)
    sums = np.zeros(samples + len(shape))
    places = at[inside, None] + np.arange(len(shape))
    # Overlapping waves are added one by one, so that the sum has the same bits everywhere.
    np.add.at(sums, places, heights[inside, None] * shape)
    return np.asarray(sums[len(shape) // 2 :][:samples], np.float32)
