from dataclasses import replace

import numpy as np
import pytest

from hbac_assets.signals.montage import EEG_RATE, ELECTRODES
from hbac_assets.signals.multitaper import multitaper_spectrogram
from hbac_assets.signals.spectrogram_grid import FREQUENCIES
from hbac_assets.synthetic.background import Background, draw_background, render_background

PLAIN = Background(
    level=10, slope=2, slowing=0, rhythm_hz=9, rhythm=0, fast=0, asymmetry=0, attenuation=0
)  # fmt: skip


def render(**changes) -> np.ndarray:
    return render_background(np.random.default_rng(0), replace(PLAIN, **changes), 120 * EEG_RATE)


def band(eeg: np.ndarray, low: float, high: float) -> float:
    inside = np.tile((low <= FREQUENCIES) & (high > FREQUENCIES), 4)
    return float(multitaper_spectrogram(eeg.T)[inside].mean())


def test_background_has_about_unit_deviation_and_falls_with_frequency():
    eeg = render()
    assert eeg.shape == (19, 120 * EEG_RATE)
    assert eeg.dtype == np.float32
    assert 0.5 < eeg.std() < 2
    slope = np.log(band(eeg, 3, 5) / band(eeg, 12, 20)) / np.log(16 / 4)
    assert slope == pytest.approx(2, abs=0.4)


def test_each_property_shows_where_it_belongs():
    plain = render()
    assert band(render(rhythm=10), 8, 10) > 2 * band(plain, 8, 10)
    assert band(render(fast=5), 16, 20) > 2 * band(plain, 16, 20)
    slowed = render(slowing=3)
    assert band(slowed, 1, 3) / band(slowed, 6, 8) > 1.5 * band(plain, 1, 3) / band(plain, 6, 8)

    spectrum = np.abs(np.fft.rfft(render(rhythm=20))) ** 2
    rhythm = spectrum[:, 8 * 120 : 10 * 120].sum(axis=1)
    assert rhythm[ELECTRODES.index("O1")] > 3 * rhythm[ELECTRODES.index("F3")]

    asymmetric = render(asymmetry=0.7)
    right, left = (asymmetric[ELECTRODES.index(name)].std() for name in ("T4", "T3"))
    assert right > 1.4 * left


def test_attenuations_come_and_go():
    def unevenness(eeg):
        seconds = eeg.reshape(19, -1, EEG_RATE).std(axis=(0, 2))
        return seconds.std() / seconds.mean()

    assert unevenness(render(attenuation=0.8)) > 1.5 * unevenness(render())


def test_patients_differ():
    levels = [draw_background(np.random.default_rng(index)).level for index in range(200)]
    assert np.log(levels).std() == pytest.approx(0.45, abs=0.08)
