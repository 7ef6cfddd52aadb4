from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt
from scipy.stats import kurtosis

from hbac_assets.signals.montage import CHAINS, EEG_RATE, ELECTRODES, bipolar
from hbac_assets.signals.multitaper import multitaper_spectrogram
from hbac_assets.signals.spectrogram_grid import FREQUENCIES
from hbac_assets.synthetic import background
from hbac_assets.synthetic.background import SUPPRESSION, Background, beside_pattern, draw_background, render_background

PLAIN = Background(
    level=10, slope=2, slowing=0, slowing_hz=1.5, theta=0, rhythm_hz=9, rhythm=0, fast=0, regions=np.ones(12),
    wide=np.zeros(4), continuity="continuous", attenuation=0, transients=0,
)  # fmt: skip


def render(**changes) -> np.ndarray:
    return render_background(np.random.default_rng(0), replace(PLAIN, **changes), 120 * EEG_RATE)


def band(eeg: np.ndarray, low: float, high: float) -> float:
    inside = np.tile((low <= FREQUENCIES) & (high > FREQUENCIES), 4)
    return float(multitaper_spectrogram(eeg.T)[inside].mean())


def deviations(eeg: np.ndarray) -> np.ndarray:
    """Return (16,), of the bipolar derivations above half a hertz."""
    highpass = butter(3, 0.5, "highpass", fs=EEG_RATE, output="sos")
    derivations = np.concatenate([bipolar(eeg.T, chain) for chain in CHAINS])
    return np.asarray(sosfiltfilt(highpass, derivations, axis=1).std(axis=1))


def test_the_level_is_that_of_the_median_derivation_and_power_falls_with_frequency():
    eeg = render()
    assert eeg.shape == (19, 120 * EEG_RATE)
    assert eeg.dtype == np.float32
    assert np.median(deviations(eeg)) == pytest.approx(PLAIN.level, rel=0.25)
    assert np.median(deviations(render(level=30))) == pytest.approx(3 * np.median(deviations(eeg)), rel=0.02)
    slope = np.log(band(eeg, 3, 5) / band(eeg, 12, 20)) / np.log(16 / 4)
    assert slope == pytest.approx(2, abs=0.4)


def test_each_property_shows_where_it_belongs():
    plain = render()
    assert band(render(rhythm=10), 8, 10) > 2 * band(plain, 8, 10)
    assert band(render(theta=5), 4, 7) > 1.5 * band(plain, 4, 7)
    assert band(render(fast=5), 16, 20) > 2 * band(plain, 16, 20)
    slowed = render(slowing=3)
    assert band(slowed, 1, 3) / band(slowed, 6, 8) > 1.5 * band(plain, 1, 3) / band(plain, 6, 8)

    spectrum = np.abs(np.fft.rfft(render(rhythm=20))) ** 2
    rhythm = spectrum[:, 8 * 120 : 10 * 120].sum(axis=1)
    assert rhythm[ELECTRODES.index("O1")] > 3 * rhythm[ELECTRODES.index("F3")]

    asymmetric = render(regions=np.repeat([1.0, 2.0], 6))
    right, left = (asymmetric[ELECTRODES.index(name)].std() for name in ("T4", "T3"))
    assert right > 1.4 * left


def test_wide_fields_are_opposite_at_the_ends_of_the_head_and_the_reference_is_in_all_electrodes():
    def correlation(wide: int, one: str, other: str) -> float:
        eeg = render(wide=np.where(np.arange(4) == wide, 5.0, 0.0))
        return float(np.corrcoef(eeg[ELECTRODES.index(one)], eeg[ELECTRODES.index(other)])[0, 1])

    assert correlation(0, "Fp1", "O1") < -0.8
    assert correlation(1, "T3", "T4") < -0.8
    assert correlation(2, "Cz", "T3") < -0.3
    assert correlation(3, "Fp1", "O2") > 0.8


def test_regions_wax_and_wane_apart():
    eeg = render(transients=0)
    envelope = np.log(eeg.reshape(19, -1, 2 * EEG_RATE).std(axis=2))
    apart = np.corrcoef(envelope[[ELECTRODES.index(name) for name in ("T3", "T4")]])[0, 1]
    together = np.corrcoef(envelope[[ELECTRODES.index(name) for name in ("F3", "Fp1")]])[0, 1]
    assert apart < 0.5 < together


def test_pieces_fade_into_one_another(monkeypatch):
    monkeypatch.setattr(background, "PIECE", 20 * EEG_RATE)
    eeg = render()
    assert eeg.shape == (19, 120 * EEG_RATE)
    seams = np.arange(16, 120, 16) * EEG_RATE
    steps = np.abs(np.diff(eeg, axis=1))
    assert steps[:, (seams[:, None] + np.arange(-5, 5)).ravel()].max() <= np.quantile(steps, 0.9999)
    middles = eeg[:, (seams[:, None] + np.arange(4 * EEG_RATE)).ravel()[: 7 * 4 * EEG_RATE]]
    assert 0.6 < middles.std() / eeg.std() < 1.5
    assert np.abs(np.corrcoef(eeg[0, : 10 * EEG_RATE], eeg[0, 16 * EEG_RATE :][: 10 * EEG_RATE])[0, 1]) < 0.5


def test_attenuations_and_suppressions_come_and_go():
    def depth(eeg):
        seconds = np.sort(eeg.reshape(19, -1, EEG_RATE).std(axis=(0, 2)))
        return seconds[len(seconds) // 10] / seconds[-len(seconds) // 10]

    assert depth(render(continuity="discontinuous", attenuation=0.8)) < 0.6 * depth(render())
    assert depth(render(continuity="burst-suppressed", attenuation=SUPPRESSION)) < 0.2


def test_transients_are_isolated_and_sharp():
    above = butter(2, 3, "highpass", fs=EEG_RATE, output="sos")
    many, plain = (sosfiltfilt(above, render(transients=rate), axis=1) for rate in (0.3, 0.0))
    assert kurtosis(many, axis=1).mean() > kurtosis(plain, axis=1).mean() + 0.2


def test_backgrounds_change_beside_patterns():
    rhythmic, periodic = beside_pattern(PLAIN, 1.0, 0.0), beside_pattern(PLAIN, 0.0, 1.0)
    assert periodic.slope < PLAIN.slope < rhythmic.slope
    assert periodic.level < PLAIN.level == rhythmic.level
    assert beside_pattern(PLAIN, 0.0, 0.0) == PLAIN


def test_patients_differ():
    backgrounds = [draw_background(np.random.default_rng(index)) for index in range(400)]
    assert np.log([background.level for background in backgrounds]).std() == pytest.approx(0.47, abs=0.08)
    # ACNS 2021: suppressed or low voltage, in which hardly any wave exceeds 20 µV, is the exception.
    low = np.mean([background.level < 5 for background in backgrounds])
    assert 0.04 < low < 0.25
    for continuity, least, most in (
        ("continuous", 0.75, 0.95),
        ("discontinuous", 0.04, 0.15),
        ("burst-suppressed", 0.02, 0.1),
    ):
        assert least < np.mean([background.continuity == continuity for background in backgrounds]) < most
