"""Resampling in blocks equals resampling at once."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.signal import resample_poly

from hbac_assets.recordings.resampling import anti_alias_filter, resampled, resampled_length

RATES = [Fraction(rate) for rate in (100, 128, 200, 250, 256, 500, 512, 1000, 1024, 2048)]


@pytest.mark.parametrize("rate", [*RATES, Fraction(2559, 10)], ids=str)
@pytest.mark.parametrize("block", [37, 1000, 4001])
def test_blocks_equal_the_whole(rate, block):
    seconds = 20 + Fraction(1, 25)
    samples = int(seconds * rate)
    values = np.random.default_rng(0).normal(1e4, 30, (samples, 2))
    length = resampled_length(samples / rate)
    ratio = 200 / rate
    up, down = ratio.as_integer_ratio()
    whole = values
    if rate != 200:
        whole = resample_poly(values, up, down, window=anti_alias_filter(max(up, down)), padtype="edge")
    assert len(whole) == length
    read = []

    def reading(first, after):
        read.append(after - first)
        assert 0 <= first < after <= samples
        return values[first:after]

    blocks = [resampled(reading, samples, rate, first, min(first + block, length)) for first in range(0, length, block)]
    np.testing.assert_allclose(np.concatenate(blocks), whole, rtol=0, atol=1e-8)
    assert max(read) <= block * rate / 200 + 2 * ratio.denominator + 80 * max(1, rate / 200)


@pytest.mark.parametrize("rate", [256, 500, 1000, 2048])
def test_frequencies_above_the_new_nyquist_frequency_do_not_alias(rate):
    time = np.arange(20 * rate) / rate
    for frequency, least, most in ((10, 0.999, 1.001), (60, 0.99, 1.01), (124, 0, 0.01)):
        wave = np.sin(2 * np.pi * frequency * time)[:, None]
        out = resampled(lambda a, b, wave=wave: wave[a:b], len(wave), Fraction(rate), 1000, 3000)
        assert least <= np.sqrt(2) * out.std() <= most


def test_an_offset_makes_no_step_at_the_ends():
    values = np.full((2560, 1), 5e4)
    out = resampled(lambda first, after: values[first:after], 2560, Fraction(256), 0, 2000)
    np.testing.assert_allclose(out, 5e4, rtol=1e-3)


def test_a_rate_of_no_simple_ratio_drifts_by_few_parts_in_a_million():
    rate, hour = Fraction(255_999_871, 10**6), 3600
    length = int(hour * rate)
    wave = np.sin(2 * np.pi * 5 * np.arange(length) / float(rate))[:, None]
    out = resampled(lambda first, after: wave[first:after], length, rate, hour * 200 - 2000, hour * 200 - 1000)
    expected = np.sin(2 * np.pi * 5 * np.arange(hour * 200 - 2000, hour * 200 - 1000) / 200)
    late = hour * 3e-6
    np.testing.assert_allclose(out[:, 0], expected, atol=2 * np.pi * 5 * late)
