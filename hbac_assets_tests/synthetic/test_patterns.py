from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import find_peaks, peak_widths

from hbac_assets.signals.montage import EEG_RATE, ELECTRODES
from hbac_assets.signals.multitaper import multitaper_spectrogram
from hbac_assets.signals.spectrogram_grid import FREQUENCIES
from hbac_assets.synthetic.latents import Course
from hbac_assets.synthetic.morphology import Morphology, draw_morphology
from hbac_assets.synthetic.patterns import render_pattern

SECONDS = 60
LEFT, RIGHT = [0, 2], [1, 3]
"""Chains of each side."""


PLAIN = Morphology(
    focus=np.array([0.6, 0.2]), width=0.42, opposition=0.0, travel=0.0, crossing=0.0, leak=0.0,
    phases=((1.0, 0.0, 0.028), (-0.45, 0.12, 0.06)), jitter=0.0, unevenness=0.0, wander=0.0, swell=0.0, harmonic=0.0,
    sharp=0.0, fast=0.0, fast_hz=18.0, fast_onset=0.0,
)  # fmt: skip


def render(frequency=1.0, look: dict | None = None, **state) -> np.ndarray:
    """Return (19, samples) of a steady, fully lateralised, rhythmic pattern, unless stated otherwise."""
    steady = {"amplitude": 1.0, "evolution": 0.0, "laterality": 1.0, "periodicity": 0.0, "progress": 0.5} | state
    arrays = {name: np.broadcast_to(np.asarray(value, float), SECONDS) for name, value in steady.items()}
    frequencies = np.broadcast_to(np.asarray(frequency, float), SECONDS)
    course = Course(frequency=frequencies, **arrays)
    return render_pattern(np.random.default_rng(0), course, replace(PLAIN, **(look or {})), SECONDS * EEG_RATE)


def power(eeg: np.ndarray) -> np.ndarray:
    """Return (4 chains, 100 frequencies), the mean over time."""
    return np.asarray(multitaper_spectrogram(eeg.T)[:, 2:-2].mean(axis=1).reshape(4, 100))


def test_a_lateralised_pattern_is_seen_on_its_side_and_a_generalised_one_on_both():
    right, left = power(render()), power(render(look={"focus": np.array([-0.6, 0.2])}))
    assert right[RIGHT].sum() > 10 * right[LEFT].sum()
    np.testing.assert_allclose(left[LEFT], right[RIGHT], rtol=1e-3)
    both = power(render(laterality=0.0))
    np.testing.assert_allclose(both[LEFT].sum(), both[RIGHT].sum(), rtol=0.4)


def test_the_field_is_largest_at_the_focus_and_falls_smoothly():
    rms = render(look={"focus": np.array([0.95, 0.0])}).std(axis=1)
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


def widths_ms(look: dict) -> float:
    """Return the median width at half height of discharges once a second."""
    signal = np.abs(render(periodicity=1.0, look=look)[ELECTRODES.index("C4")])
    peaks, _ = find_peaks(signal, height=0.6 * signal.max(), distance=EEG_RATE // 2)
    return float(np.median(peak_widths(signal, peaks, rel_height=0.5)[0])) / EEG_RATE * 1000


def test_discharges_are_as_wide_as_the_recording_has_them():
    for width in (40, 100, 250):
        assert widths_ms({"phases": ((1.0, 0.0, width / 2355),)}) == pytest.approx(width, rel=0.1)


def test_discharges_and_waves_are_as_irregular_as_the_recording_has_them():
    def intervals_cv(jitter: float) -> float:
        signal = render(periodicity=1.0, look={"jitter": jitter})[ELECTRODES.index("C4")]
        intervals = np.diff(find_peaks(signal, height=0.1 * signal.max(), distance=60)[0])
        return float(intervals.std() / intervals.mean())

    assert intervals_cv(0.0) < 0.02
    assert intervals_cv(0.2) == pytest.approx(0.28, abs=0.08)

    def three_bins(look: dict) -> float:
        spectrum = np.abs(np.fft.rfft(render(frequency=2.0, look=look)[ELECTRODES.index("C4")][: 20 * EEG_RATE])) ** 2
        return float(np.sort(spectrum)[-3:].sum() / spectrum.sum())

    assert three_bins({"wander": 0.3, "swell": 0.4}) < 0.8 * three_bins({})


def test_lateralised_patterns_leak_into_the_other_hemisphere():
    def other_side(leak: float) -> float:
        return float(render(look={"leak": leak, "width": 0.3}).std(axis=1)[ELECTRODES.index("C3")])

    assert other_side(0.0) < 0.2 * other_side(0.5)


def above(hertz: float, eeg: np.ndarray) -> np.ndarray:
    """Return (columns,), the power of the right chains above a frequency."""
    spectrogram = multitaper_spectrogram(eeg.T).reshape(4, 100, -1)[RIGHT]
    return np.asarray(spectrogram[:, hertz < FREQUENCIES].sum(axis=(0, 1)))


def test_modifiers_and_fast_onsets_are_fast():
    plain = render()
    assert above(13, render(look={"fast": 0.2})).sum() > 5 * above(13, plain).sum()
    assert above(6, render(look={"sharp": 0.5})).sum() > 3 * above(6, plain).sum()
    seizure = render(progress=np.linspace(0, 1, SECONDS), evolution=1.0, look={"fast_onset": 0.5})
    onset = above(13, seizure)
    assert onset[1] > 10 * onset[-3]


def test_recordings_look_unlike_one_another():
    looks = [draw_morphology(np.random.default_rng(index), 0.9) for index in range(300)]
    assert {-1, 1} == {np.sign(look.focus[0]) for look in looks}
    main = [max(look.phases, key=lambda phase: abs(phase[0]))[2] * 2355 for look in looks]
    low, high = np.quantile(main, (0.1, 0.9))
    # Spiky (below 70 ms), sharp and blunt (above 200 ms) ones.
    assert low < 70 < 110 < high
    assert {len(look.phases) for look in looks} == {1, 2, 3, 4}
    for modifier in ("sharp", "fast", "fast_onset"):
        assert 0.1 < np.mean([getattr(look, modifier) > 0 for look in looks]) < 0.5
    generalised = [draw_morphology(np.random.default_rng(index), 0.0) for index in range(300)]
    assert np.mean([look.opposition for look in generalised]) > np.mean([look.opposition for look in looks])
