"""Slow values at the EEG's rate, noise, trains of waves, fields."""

import numpy as np
import pytest

from hbac_assets.signals.montage import EEG_RATE, ELECTRODES
from hbac_assets.synthetic.head import bipolar_field, dipolar, spread
from hbac_assets.synthetic.randomness import to_samples, white_noise
from hbac_assets.synthetic.waveforms import train, wave


@pytest.mark.parametrize("rate", [1, 2, 10])
def test_slow_values_are_interpolated_between_the_middles_of_their_intervals(rate):
    values = np.random.default_rng(0).standard_normal((3, 20 * rate))
    samples = 19 * EEG_RATE + 7
    middles = (np.arange(values.shape[1]) + 0.5) / rate
    times = (np.arange(samples) + 0.5) / EEG_RATE
    expected = [np.interp(times, middles, row) for row in values]
    np.testing.assert_allclose(to_samples(values, samples, rate), expected, atol=1e-5)
    assert to_samples(values[0], samples, rate).shape == (samples,)


def test_white_noise_has_unit_variance_and_a_flat_spectrum():
    noise = white_noise(np.random.default_rng(0), (4, 20_000))
    assert noise.dtype == np.float32
    assert noise.mean() == pytest.approx(0, abs=0.02)
    assert noise.std() == pytest.approx(1, abs=0.01)
    power = (np.abs(np.fft.rfft(noise)) ** 2).mean(axis=0)
    assert power[1:5_000].mean() == pytest.approx(power[5_000:].mean(), rel=0.05)
    assert np.abs(np.corrcoef(noise)[np.triu_indices(4, 1)]).max() < 0.03


def test_a_train_is_its_waves_added_up_and_ends_where_the_recording_does():
    shape = wave(0.2, ((1.0, 0.0, 0.02),))
    times, heights = np.array([-1.0, 0.0, 0.5, 0.55, 0.99, 2.0]), np.array([9.0, 1.0, 2.0, 3.0, 4.0, 9.0])
    summed = train(times, heights, shape, EEG_RATE)
    assert summed.shape == (EEG_RATE,)
    expected = np.zeros(3 * EEG_RATE)
    for time, height in zip(times[1:5], heights[1:5], strict=True):
        start = EEG_RATE + int(time * EEG_RATE) - len(shape) // 2
        expected[start : start + len(shape)] += height * shape
    np.testing.assert_allclose(summed, expected[EEG_RATE : 2 * EEG_RATE], atol=1e-5)


def test_a_dipole_is_opposite_at_the_other_end_and_derivations_are_differences():
    source = np.array([[0.4, 0.6]])
    field = dipolar(source, 0.4, 1.0)[:, 0]
    by_name = dict(zip(ELECTRODES, field, strict=True))
    assert by_name["F4"] == pytest.approx(-by_name["P4"], abs=1e-6)
    assert by_name["C4"] == pytest.approx(0, abs=1e-6)
    np.testing.assert_array_equal(dipolar(source, 0.4, 0.0), spread(source, 0.4))
    # Fp1-F7 comes first, P4-O2 last.
    derivations = bipolar_field(field[:, None])[:, 0]
    assert derivations.shape == (16,)
    assert derivations[0] == pytest.approx(by_name["Fp1"] - by_name["F7"])
    assert derivations[-1] == pytest.approx(by_name["P4"] - by_name["O2"])
