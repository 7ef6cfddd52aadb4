"""From a segment at any rate to 200 Hz, block by block, with the same result as at once."""

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor

import numpy as np

from hbac_assets.signals.montage import EEG_RATE

LARGEST_FACTOR = 10_000
"""Of the ratio of rates; a rate that needs a larger one is taken as one within 3 parts in a million."""
HALF_LENGTH, BETA = 16, 8.0
"""Of the anti-alias filter: half its length in samples of the lower rate, and the shape of its Kaiser window. It has a
ripple of 1e-4; its transition is from 84 to 116 % of the lower Nyquist frequency."""

Read = Callable[[int, int], np.ndarray]
"""From the numbers of the first sample and the one after the last to float64 (samples, channels)."""


def resampled_length(seconds: Fraction) -> int:
    """Return the samples at 200 Hz of a segment: those before its end."""
    return ceil(seconds * EEG_RATE)


def resampled(read: Read, samples: int, rate: Fraction, first: int, after: int) -> np.ndarray:
    """Return samples `first` up to `after` at 200 Hz of a segment of `samples` at `rate`.

    By polyphase filtering; the first and last sample stand in for what is beyond the segment.

    Args:
        read: the segment's samples.
        samples: how many it has.
        rate: of the segment, in Hz.
        first: number of the first sample that is wanted, at 200 Hz.
        after: of the one after the last.

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
    whole: np.ndarray = resample_poly(block, up, down, axis=0, window=anti_alias_filter(max(up, down)))
    return whole[first - origin * up : after - origin * up]


@lru_cache(maxsize=8)
def anti_alias_filter(factor: int) -> np.ndarray:
    """Return the coefficients of the filter for the larger of the two factors of a ratio of rates."""
    from scipy.signal import firwin

    taps: np.ndarray = firwin(2 * HALF_LENGTH * factor + 1, 1 / factor, window=("kaiser", BETA))
    return taps
