"""Resampling of a segment to 200 Hz in blocks, with the same result as at once."""

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor

import numpy as np

from hbac_assets.signals.montage import EEG_RATE

LARGEST_FACTOR = 10_000
"""Largest factor of the ratio of rates; other rates are approximated to 3 parts in a million."""
HALF_LENGTH, BETA = 16, 8.0
"""The anti-alias filter: half its length in samples of the lower rate, and the shape of its Kaiser window. Its ripple
is 1e-4; its transition band is from 84 to 116 % of the lower Nyquist frequency."""

Read = Callable[[int, int], np.ndarray]
"""From the indices of the first sample and the one after the last to float64 (samples, channels)."""


def resampled_length(seconds: Fraction) -> int:
    """Return the number of samples at 200 Hz before the end of a segment."""
    return ceil(seconds * EEG_RATE)


def resampled(read: Read, samples: int, rate: Fraction, first: int, after: int) -> np.ndarray:
    """Return samples `first` up to `after` at 200 Hz of a segment of `samples` at `rate`.

    By polyphase filtering; the first and last samples are repeated beyond the segment.

    Args:
        read: the segment's samples.
        samples: their number.
        rate: of the segment, in Hz.
        first: the index of the first requested sample, at 200 Hz.
        after: the index after the last.

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
    # The last output may need a block entirely beyond the last sample.
    low, high = min(max(begin, 0), samples - 1), min(max(end, 1), samples)
    block = np.pad(read(low, high), ((low - begin, end - high), (0, 0)), "edge")
    whole: np.ndarray = resample_poly(block, up, down, axis=0, window=anti_alias_filter(max(up, down)))
    return whole[first - origin * up : after - origin * up]


@lru_cache(maxsize=8)
def anti_alias_filter(factor: int) -> np.ndarray:
    """Return the coefficients of the filter for the larger factor of a ratio of rates."""
    from scipy.signal import firwin

    taps: np.ndarray = firwin(2 * HALF_LENGTH * factor + 1, 1 / factor, window=("kaiser", BETA))
    return taps
