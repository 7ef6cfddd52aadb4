from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hbac_assets.signals.montage import CHAINS, EEG_COLUMNS, EEG_RATE, ELECTRODES
from hbac_assets.signals.multitaper import multitaper_spectrogram
from hbac_assets.signals.spectrogram_grid import FREQUENCIES, SPECTROGRAM_COLUMNS
from hbac_assets_tests.projects import real_files

REAL = real_files() or Path()
needs_real_files = pytest.mark.skipif(real_files() is None, reason="no real files: HBAC_REAL_HMS names no folder")


def sine(electrode: str, frequency: float, amplitude: float, seconds: int) -> np.ndarray:
    eeg = np.zeros((seconds * EEG_RATE, 20), np.float32)
    time = np.arange(len(eeg)) / EEG_RATE
    eeg[:, EEG_COLUMNS.index(electrode)] = amplitude * np.sin(2 * np.pi * frequency * time)
    return eeg


def chain(power: np.ndarray, name: str) -> np.ndarray:
    return np.split(power, 4)[list(CHAINS).index(name)]


def test_a_sine_appears_at_its_frequency_with_its_power_on_its_chain_alone():
    power = multitaper_spectrogram(sine("T4", 10.0, 40.0, 40))

    right = chain(power, "RL")[:, 2:-2]
    assert np.abs(FREQUENCIES[right.argmax(axis=0)] - 10).max() < 0.5
    # Two of four differences hold the sine; its power is A²/2, of which positive frequencies carry half.
    step = FREQUENCIES[1] - FREQUENCIES[0]
    np.testing.assert_allclose(right.sum(axis=0) * step, 40**2 / 2 / 2 * 2 / 4, rtol=0.02)
    assert max(chain(power, name).max() for name in ("LL", "LP", "RP")) == 0


def test_white_noise_has_the_density_of_its_variance():
    noise = np.random.default_rng(0).normal(0, 10, (600 * EEG_RATE, 19)).astype(np.float32)
    power = multitaper_spectrogram(noise)
    assert power.mean() == pytest.approx(2 * 10**2 / EEG_RATE, rel=0.02)


def test_offsets_and_slow_drifts_leave_no_trace():
    drift = np.linspace(0, 500, 60 * EEG_RATE)[:, None] * np.arange(20)
    assert multitaper_spectrogram((drift + 3_000).astype(np.float32))[:, 2:-2].max() < 1e-2


def test_one_column_for_each_whole_two_seconds_and_the_ekg_does_not_matter():
    eeg = np.random.default_rng(1).normal(size=(2_399, 20)).astype(np.float32)
    power = multitaper_spectrogram(eeg)
    assert power.shape == (400, 5)
    assert power.dtype == np.float32
    np.testing.assert_array_equal(power, multitaper_spectrogram(eeg[:, :19]))


def test_an_event_is_seen_in_the_columns_within_two_seconds_of_it():
    eeg = np.zeros((40 * EEG_RATE, 19), np.float32)
    eeg[int(21 * EEG_RATE), ELECTRODES.index("C3")] = 100
    power = chain(multitaper_spectrogram(eeg), "LP")[50:].sum(axis=0)
    assert power.argmax() == 10
    assert power[10] > 100 * np.delete(power, [9, 10, 11]).max()


def test_missing_samples_make_their_columns_nan_on_their_chains_alone():
    eeg = np.random.default_rng(2).normal(size=(40 * EEG_RATE, 19)).astype(np.float32)
    eeg[20 * EEG_RATE + 50, ELECTRODES.index("F8")] = np.nan
    power = multitaper_spectrogram(eeg)

    missing = np.isnan(power)
    # Windows are 4 s long, so the columns around 19 and 21 s touch the sample.
    expected = np.zeros((4, 100, 20), dtype=bool)
    expected[list(CHAINS).index("RL"), :, 9:11] = True
    np.testing.assert_array_equal(missing, expected.reshape(400, 20))


@needs_real_files
@pytest.mark.parametrize(
    ("eeg_file", "spectrogram_file"),
    [
        ("train_eegs/1628180742.parquet", "train_spectrograms/353733.parquet"),
        ("test_eegs/3911565283.parquet", "test_spectrograms/853520.parquet"),
    ],
)
def test_real_spectrograms_are_reproduced_from_their_eeg(eeg_file, spectrogram_file):
    table = pd.read_parquet(REAL / spectrogram_file)
    assert tuple(table.columns[1:]) == SPECTROGRAM_COLUMNS
    # Both windows begin at offset 0 and have the same middle, so the EEG begins at 275 s; its second second is the
    # first that begins a column. The outer columns lack the EEG around the excerpt.
    ours = multitaper_spectrogram(pd.read_parquet(REAL / eeg_file).to_numpy()[EEG_RATE:])
    first = (275 + 1) // 2
    theirs = table.iloc[first : first + ours.shape[1], 1:].to_numpy().T[:, 1:-1]
    ours = ours[:, 1:-1]

    # Half of the files' last digit, so that their zeros have a logarithm.
    our_logs, their_logs = (np.log(power + 0.005).reshape(4, -1) for power in (ours, theirs))
    correlation = np.corrcoef(our_logs, their_logs)[:4, 4:]
    assert correlation.diagonal().min() > 0.999
    assert (correlation.argmax(axis=1) == np.arange(4)).all()
    np.testing.assert_allclose(np.exp((our_logs - their_logs).mean(axis=1)), 1, atol=0.05)
    np.testing.assert_allclose(ours.reshape(4, -1).sum(axis=1) / theirs.reshape(4, -1).sum(axis=1), 1, atol=0.02)
