import numpy as np
import pytest

from hbac_assets.signals.montage import EEG_RATE, ELECTRODES
from hbac_assets.signals.multitaper import multitaper_spectrogram
from hbac_assets.signals.spectrogram_grid import FREQUENCIES
from hbac_assets.synthetic.latents import Course
from hbac_assets.synthetic.patterns import draw_focus, render_pattern

SECONDS = 60
LEFT, RIGHT = [0, 2], [1, 3]
"""Chains of each side."""


def render(focus=(0.6, 0.2), frequency=1.0, **state) -> np.ndarray:
    """Return (19, samples) of a steady, fully lateralised, rhythmic pattern, unless stated otherwise."""
    steady = {"amplitude": 1.0, "evolution": 0.0, "laterality": 1.0, "periodicity": 0.0, "progress": 0.5} | state
    arrays = {name: np.broadcast_to(np.asarray(value, float), SECONDS) for name, value in steady.items()}
    frequencies = np.broadcast_to(np.asarray(frequency, float), SECONDS)
    course = Course(frequency=frequencies, **arrays)
    return render_pattern(np.random.default_rng(0), course, np.array(focus), SECONDS * EEG_RATE)


def power(eeg: np.ndarray) -> np.ndarray:
    """Return (4 chains, 100 frequencies), the mean over time."""
    return np.asarray(multitaper_spectrogram(eeg.T)[:, 2:-2].mean(axis=1).reshape(4, 100))


def test_a_lateralised_pattern_is_seen_on_its_side_and_a_generalised_one_on_both():
    right, left = power(render()), power(render(focus=(-0.6, 0.2)))
    assert right[RIGHT].sum() > 10 * right[LEFT].sum()
    np.testing.assert_allclose(left[LEFT], right[RIGHT], rtol=1e-3)
    both = power(render(laterality=0.0))
    np.testing.assert_allclose(both[LEFT].sum(), both[RIGHT].sum(), rtol=0.05)


def test_the_field_is_largest_at_the_focus_and_falls_smoothly():
    rms = render(focus=(0.95, 0.0)).std(axis=1)
    order = [ELECTRODES.index(name) for name in ("T4", "C4", "Cz", "C3", "T3")]
    assert ELECTRODES[rms.argmax()] == "T4"
    assert (np.diff(rms[order]) < 0).all()


@pytest.mark.parametrize("frequency", [1.5, 2.5])
def test_rhythmic_waves_are_narrow_and_discharges_a_comb(frequency):
    rhythmic = power(render(frequency=frequency))[RIGHT].sum(axis=0)
    periodic = power(render(frequency=frequency, periodicity=1.0))[RIGHT].sum(axis=0)
    assert abs(FREQUENCIES[rhythmic.argmax()] - frequency) < 0.5
    above = 3 * frequency < FREQUENCIES
    assert rhythmic[above].sum() < 0.01 * rhythmic.sum()
    assert periodic[above].sum() > 0.05 * periodic.sum()


def test_an_evolving_pattern_slows_and_spreads():
    progress = np.linspace(0, 1, SECONDS)
    eeg = render(frequency=6 * np.exp(-progress), evolution=1.0, progress=progress)
    spectrogram = multitaper_spectrogram(eeg.T).reshape(4, 100, -1)
    peaks = FREQUENCIES[spectrogram[RIGHT].sum(axis=0).argmax(axis=0)]
    assert peaks[2] == pytest.approx(5.5, abs=0.4)
    assert peaks[-3] == pytest.approx(2.4, abs=0.4)
    other_side = spectrogram[LEFT].sum(axis=(0, 1)) / spectrogram[RIGHT].sum(axis=(0, 1))
    assert other_side[-3] > 3 * other_side[2]


def test_nothing_is_rendered_where_the_amplitude_is_nothing():
    amplitude = np.repeat([0.0, 1.0], SECONDS // 2)
    eeg = render(amplitude=amplitude)
    assert np.abs(eeg[:, : 29 * EEG_RATE]).max() == 0
    assert np.abs(eeg[:, 31 * EEG_RATE :]).max() > 1


def test_foci_lie_on_either_side():
    sides = [np.sign(draw_focus(np.random.default_rng(index))[0]) for index in range(30)]
    assert {-1, 1} == set(sides)
