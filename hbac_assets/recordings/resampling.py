"""From a segment at any rate to 200 Hz, block by block, with the same result as at once."""

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor

import numpy as np

from hbac_assets.signals.montage import EEG_RATE

LARGEST_FACTOR = 10_000
"""Of the ratio of rates: a rate that needs a larger one is off by less than a millisecond in a day."""
HALF_LENGTH = 10
"""The filter's half length in samples of the lower rate, as `scipy.signal.resample_poly` has it."""

Read = Callable[[int, int], np.ndarray]
"""From the numbers of the first sample and the one after the last to float64 (samples, channels)."""


def resampled_length(seconds: Fraction) -> int:
    """Return the samples at 200 Hz of a segment: those whose time lies before its end."""
    return ceil(seconds * EEG_RATE)


def resampled(read: Read, samples: int, rate: Fraction, first: int, after: int) -> np.ndarray:
    """Return samples `first` up to `after` at 200 Hz of a segment of `samples` at `rate`.

    Polyphase filtering with a Kaiser window (β = 5), half the amplitude at the lower of both Nyquist frequencies; the
    first and last sample stand in for what is beyond the segment.

    Returns:
        float64 (after - first, channels).
    """
    from scipy.signal import resample_poly

    ratio = (EEG_RATE / rate).limit_denominator(LARGEST_FACTOR)
    up, down = ratio.numerator, ratio.denominator
    if up == down:
        return read(first, after)
    margin = ceil(Fraction(HALF_LENGTH * max(up, down), up)) + 1
    # Input and output coincide at each multiple of `down` and `up`; one before the block is its origin.
    origin = floor(first * down / up - margin) // down
    begin, end = origin * down, ceil(after * down / up) + margin
    # All of a block may lie beyond the last sample, by which the last output is reached.
    low, high = min(max(begin, 0), samples - 1), min(max(end, 1), samples)
    block = np.pad(read(low, high), ((low - begin, end - high), (0, 0)), "edge")
    whole: np.ndarray = resample_poly(block, up, down, axis=0, window=_filter(max(up, down)))
    return whole[first - origin * up : after - origin * up]


@lru_cache(maxsize=8)
def _filter(factor: int) -> np.ndarray:
    from scipy.signal import firwin

    taps: np.ndarray = firwin(2 * HALF_LENGTH * factor + 1, 1 / factor, window=("kaiser", 5.0))
    return taps
