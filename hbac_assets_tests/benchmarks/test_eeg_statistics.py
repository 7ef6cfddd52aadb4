"""Statistics of EEG windows, on signals with known answers."""

import numpy as np
import pytest

from benchmarks.realism.eeg import eeg_statistics, repetition
from benchmarks.realism.spectrogram import spectrogram_statistics
from hbac_assets.signals.montage import EEG_RATE, ELECTRODES
from hbac_assets.signals.spectrogram_grid import FREQUENCIES

SECONDS = 50
TIME = np.arange(SECONDS * EEG_RATE) / EEG_RATE


@pytest.fixture
def noise() -> np.ndarray:
    """(samples, 20) white noise of 10 µV, independent in each electrode."""
    return np.random.default_rng(0).normal(0, 10, (len(TIME), 20))


def column(name: str) -> int:
    return ELECTRODES.index(name)


def test_white_noise(noise):
    statistics = eeg_statistics(noise)
    assert statistics["missing"] == statistics["flat_channels"] == statistics["over_500_uv"] == 0
    assert statistics["sd_bip_median"] == pytest.approx(10 * np.sqrt(2), rel=0.03)
    assert statistics["sd_ratio_max_median"] == pytest.approx(1, abs=0.05)
    assert statistics["kurtosis"] == pytest.approx(0, abs=0.1)
    assert statistics["extreme_ratio"] == pytest.approx(3.29, abs=0.15)
    assert statistics["slope_2_20"] == pytest.approx(0, abs=0.1)
    assert statistics["log_power_50_hz"] == pytest.approx(np.log(200 / 100), abs=0.1)
    # 3.5 of the 39.5 Hz.
    assert statistics["relative_delta"] == pytest.approx(3.5 / 39.5, rel=0.15)
    # Each electrode is the front of one derivation and the back of the next.
    assert statistics["corr_links"] == pytest.approx(-0.5, abs=0.05)
    assert statistics["corr_common_reference"] == pytest.approx(0, abs=0.05)
    assert statistics["corr_neighbours"] == pytest.approx(-1 / 18, abs=0.05)
    assert statistics["spatial_dimensions"] > 14


def test_fields_show_in_the_correlations(noise):
    source = 200 * np.sin(2 * np.pi * 3 * TIME)
    dipole = np.array([1.0 if name[:2] in ("Fp", "F3", "F4", "F7", "F8", "Fz") else -1.0 for name in ELECTRODES])
    statistics = eeg_statistics(noise[:, :19] + source[:, None] * dipole)
    assert statistics["corr_front_back"] < -0.95
    assert statistics["corr_homologous"] > 0.95
    assert statistics["spatial_dimensions"] == pytest.approx(1, abs=0.1)
    assert eeg_statistics(noise[:, :19] + source[:, None])["corr_common_reference"] > 0.95


def test_sides_are_compared(noise):
    noise[:, [column(name) for name in ("F7", "T3", "T5", "F3", "C3", "P3", "Fp1", "O1")]] *= 3
    assert eeg_statistics(noise)["asymmetry_abs"] == pytest.approx(np.log(3), abs=0.05)


def test_bad_channels_are_counted(noise):
    noise[:, column("T3")] += 2_000 * np.sin(TIME)
    noise[:, column("Cz")] = 0
    noise[: len(TIME) // 10, column("O1")] = np.nan
    statistics = eeg_statistics(noise)
    assert statistics["flat_channels"] == pytest.approx(1 / 19)
    assert statistics["missing"] == pytest.approx(0.1 / 20)
    # |2000 sin| is over 500 for 1 − 2 asin(¼) / π of the time.
    assert statistics["over_500_uv"] == pytest.approx((1 - 2 * np.arcsin(0.25) / np.pi) / 19, rel=0.03)
    # The high-pass leaves a twentieth or less of 0.16 Hz.
    assert 1 < statistics["sd_ratio_max_median"] < 6
    noise[:, column("T3")] += 2_000 * np.sin(2 * np.pi * 2 * TIME)
    assert eeg_statistics(noise)["sd_ratio_max_median"] > 50


def test_a_line_stands_out(noise):
    plain = eeg_statistics(noise)["log_line_60_hz"]
    noise[:, ::2] += 20 * np.sin(2 * np.pi * 60 * TIME)[:, None]
    assert plain < 0.5 < 1.5 < eeg_statistics(noise)["log_line_60_hz"]


def test_rhythmic_waves_have_a_rate_and_are_regular(noise):
    waves = 100 * np.sin(2 * np.pi * 1.3 * TIME)
    noise[:, [column("F3"), column("F4")]] += waves[:, None]
    statistics = eeg_statistics(noise)
    assert statistics["delta_peak_hz"] == pytest.approx(1.3, abs=0.05)
    assert statistics["rate_wave_hz"] == pytest.approx(1.3, abs=0.02)
    assert statistics["reg_wave"] > 0.6
    assert statistics["delta_peak_share"] > 0.9
    assert statistics["field_concentration"] > 3


def test_discharges_have_width_interval_and_height(noise):
    times = np.arange(0.5, SECONDS, 0.8) + 0.08 * np.random.default_rng(1).uniform(
        -1, 1, len(np.arange(0.5, SECONDS, 0.8))
    )
    sigma = 0.1 / (2 * np.sqrt(2 * np.log(2)))
    discharges = 300 * np.exp(-0.5 * ((TIME[:, None] - times) / sigma) ** 2).sum(axis=1)
    noise[:, [column("F3"), column("F4")]] -= discharges[:, None]
    statistics = eeg_statistics(0.1 * noise[:, :19])
    assert statistics["peak_width_ms"] == pytest.approx(100, rel=0.15)
    assert statistics["peaks_per_s"] == pytest.approx(1 / 0.8, rel=0.1)
    assert statistics["interval_cv"] == pytest.approx(0.08 / np.sqrt(3) * np.sqrt(2) / 0.8, abs=0.03)
    assert statistics["height_cv"] < 0.1
    assert 20 < statistics["peak_uv"] < 35
    assert statistics["rate_env_hz"] == pytest.approx(1 / 0.8, abs=0.06)


def test_a_window_without_discharges_has_no_width(noise):
    statistics = eeg_statistics(np.zeros_like(noise))
    assert "peak_width_ms" not in statistics
    assert np.isnan(statistics["kurtosis"])
    assert np.isnan(statistics["reg_wave"])


def test_the_first_high_peak_is_the_rate():
    rate, regularity = repetition(np.sin(2 * np.pi * 2 * TIME[: 10 * EEG_RATE]))
    assert rate == pytest.approx(2)
    assert regularity == pytest.approx(1, abs=0.01)
    assert np.isnan(repetition(np.zeros(2_000))).all()


def spectrogram(columns: int = 300) -> np.ndarray:
    """Return (columns, 400): power that falls with the square of the frequency, with independent scatter."""
    scatter = np.exp(0.5 * np.random.default_rng(0).standard_normal((columns, 400)))
    return 1_000 * np.tile(FREQUENCIES**-2, 4) * scatter


def test_the_distribution_of_the_power():
    power = spectrogram(400)
    power[:3, :100] = np.nan
    power[10] = 0
    statistics = spectrogram_statistics(power)
    assert statistics["missing"] == pytest.approx(0.01 / 4)
    assert statistics["zero"] == pytest.approx(1 / 300)
    assert statistics["slope_2_20"] == pytest.approx(2, abs=0.1)
    assert spectrogram_statistics(spectrogram())["time_sd"] == pytest.approx(0.5, rel=0.05)
    assert statistics["largest"] == np.nanmax(power[:300])
    assert statistics["under_minus_4"] > 1 / 300


def test_common_and_individual_changes_of_the_chains_are_separated():
    course = np.exp(np.repeat(np.random.default_rng(1).standard_normal(30), 10))
    together = spectrogram_statistics(spectrogram() * course[:, None])
    assert together["broadband_sd"] == pytest.approx(np.log(course).std(), rel=0.05)
    assert together["chain_corr"] > 0.95
    assert together["broadband_ac_2s"] > 0.8
    assert abs(together["broadband_ac_60s"]) < 0.4
    chains = np.exp(np.random.default_rng(2).standard_normal((300, 4)).repeat(100, axis=1))
    assert abs(spectrogram_statistics(spectrogram() * chains)["chain_corr"]) < 0.2
    louder = np.repeat([2.0, 1.0, 1.0, 1.0], 100)
    apart = spectrogram_statistics(spectrogram() * louder)
    assert apart["asymmetry_abs"] == pytest.approx(np.log(2), abs=0.02)
    assert apart["lateral_parasagittal"] == pytest.approx(np.log(2) / 2, abs=0.02)


def test_neighbouring_frequencies():
    smooth = np.exp(np.cumsum(np.random.default_rng(3).standard_normal((300, 400)), axis=1) / 5)
    statistics = spectrogram_statistics(smooth)
    assert statistics["freq_neighbour_corr"] > 0.9
    assert statistics["freq_neighbour_corr"] > statistics["freq_1hz_corr"]
    assert abs(spectrogram_statistics(spectrogram())["freq_neighbour_corr"]) < 0.1
