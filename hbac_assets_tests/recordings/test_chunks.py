"""Chunks are parts of the whole: EEG, spectrogram, quality, and the windows of a moment."""

import numpy as np
import pytest

from hbac_assets.recordings.chunks import REACH_SECONDS, chunk, chunks, whole_seconds
from hbac_assets.recordings.quality import quality
from hbac_assets.recordings.trend import Trend
from hbac_assets.recordings.windows import LEAST_COVERED, Reach, moments
from hbac_assets.signals.multitaper import multitaper_spectrogram
from hbac_assets_tests.recordings.files import (
    at_rate,
    make_discontinuous,
    signals_of,
    synthetic_eeg,
    write_edf,
)

EEG = synthetic_eeg("Seizure", 700)


@pytest.fixture(scope="module")
def signals(tmp_path_factory):
    """An odd number of seconds with offsets, at another rate."""
    offsets = np.linspace(-800, 800, 19)
    path = tmp_path_factory.mktemp("chunks") / "a.bdf"
    return signals_of(write_edf(path, at_rate(EEG[: 601 * 200], 256) + offsets, rate=256))


@pytest.fixture(scope="module")
def whole(signals):
    return signals.derivation.electrodes(signals.between(0, signals.samples))


@pytest.mark.parametrize("seconds", [100, 250, 3600])
def test_chunks_are_parts_of_the_whole(seconds, signals, whole):
    power = multitaper_spectrogram(whole)
    for part in chunks(signals, seconds):
        assert part.origin == part.start - REACH_SECONDS
        length = part.after - part.start + 2 * REACH_SECONDS
        assert part.eeg.shape == (length * 200, 19)
        assert part.spectrogram.shape == (400, length // 2)
        _compare(part.eeg, whole, part.origin * 200, atol=1e-4)
        _compare(np.log(part.spectrogram.T), np.log(power.T), part.origin // 2, atol=2e-3)


def _compare(part, whole, origin, atol):
    """The part equals the whole where that is, and has NaN elsewhere."""
    begin, end = max(origin, 0), min(origin + len(part), len(whole))
    np.testing.assert_allclose(part[begin - origin : end - origin], whole[begin:end], atol=atol)
    assert np.isnan(part[: begin - origin]).all()
    assert np.isnan(part[end - origin :]).all()


def test_gaps_spoil_the_columns_whose_windows_they_touch_and_no_others(tmp_path):
    onsets = [*range(300), *range(330, 460)]
    offsets = np.random.default_rng(0).uniform(-2000, 2000, 19)
    path = write_edf(tmp_path / "a.bdf", EEG[: 430 * 200] + offsets, annotations=[(1, "room for onsets")])
    part = chunk(signals_of(make_discontinuous(path, onsets)), 0, 460)
    columns = part.spectrogram[:, REACH_SECONDS // 2 :][:, :230]
    missing = np.isnan(columns).all(axis=0)
    assert np.flatnonzero(missing).tolist() == list(range(149, 166))
    assert not np.isnan(columns[:, ~missing]).any()
    alone = multitaper_spectrogram((EEG[: 300 * 200]).astype(np.float32))
    # Neither offsets nor the gap add power beside it.
    np.testing.assert_allclose(np.log(columns[:, 100:149]), np.log(alone[:, 100:149]), atol=0.2)


def test_quality_counts_each_sample_once():
    seconds = EEG[: 4 * 200, :4].copy()
    seconds[:200] = np.nan
    seconds[100:200, 0] = 5
    seconds[200:400, 1] = 7
    seconds[400:500, 2] = 500
    seconds[450:500, 2] = -500
    limits = np.array([[-500.0] * 4, [500.0] * 4])
    expected = np.zeros((4, 3))
    expected[0] = [7 / 8, 1 / 8, 0]
    expected[1, 1] = 1 / 4
    expected[2, 2] = 1 / 8
    np.testing.assert_allclose(quality(seconds, limits), expected, atol=1e-7)
    expected[2, 2] = 0
    np.testing.assert_allclose(quality(seconds, np.array([[-np.inf] * 4, [np.inf] * 4])), expected, atol=1e-7)


def test_a_window_is_what_is_around_its_moment(signals, whole):
    end = whole_seconds(signals)
    part = next(iter(chunks(signals)))
    found = moments(part, Reach(400, 50), 10, end)
    assert found.middles.tolist() == list(range(10, 600, 10))
    power = multitaper_spectrogram(whole)
    number = found.middles.tolist().index(300)
    np.testing.assert_allclose(found.windows[number].eeg, whole[275 * 200 : 325 * 200], atol=1e-4)
    np.testing.assert_allclose(np.log(found.windows[number].spectrogram), np.log(power), atol=2e-3)


def test_covered_is_the_fraction_of_the_window_with_a_signal(tmp_path):
    eeg = EEG[: 600 * 200].copy()
    eeg[200 * 200 : 260 * 200] = 3  # flat
    eeg[:, 5:8] = 0  # dead electrodes are no gap
    signals = signals_of(write_edf(tmp_path / "a.edf", eeg))
    found = moments(next(iter(chunks(signals))), Reach(400, 50), 10, 600)
    at = {middle: number for number, middle in enumerate(found.middles.tolist())}
    spectrogram, of_eeg = found.covered["spectrogram"], found.covered["eeg"]
    assert spectrogram[at[10]] == pytest.approx((210 - 10) / 400)
    assert spectrogram[at[300]] == pytest.approx(340 / 400)
    assert of_eeg[at[230]] == pytest.approx(0)
    assert of_eeg[at[10]] == pytest.approx(35 / 50)
    assert of_eeg[at[300]] == 1
    for number, window in enumerate(found.windows):
        assert (window.spectrogram is not None) == (spectrogram[number] >= LEAST_COVERED)
        assert (window.eeg is not None) == (of_eeg[number] >= LEAST_COVERED)
        assert found.seen[number] == (window.eeg is not None or window.spectrogram is not None)


def test_unused_spectrograms_are_not_cut(signals):
    found = moments(next(iter(chunks(signals))), Reach(0, 50), 10, 600)
    assert set(found.covered) == {"eeg"}
    assert all(window.spectrogram is None for window in found.windows)


@pytest.mark.parametrize("step", [2, 6, 10, 14])
def test_moments_do_not_depend_on_chunks(step, signals):
    end = whole_seconds(signals)
    middles = [moments(part, Reach(0, 50), step, end).middles for part in chunks(signals, 100)]
    assert np.concatenate(middles).tolist() == [m for m in range(0, 700, step) if 5 <= m <= end - 5]


def test_the_trend_is_the_mean_of_the_logarithms(signals, whole):
    trend = Trend(whole_seconds(signals))
    for part in chunks(signals, 100):
        trend.add(part)
    power = np.log(multitaper_spectrogram(whole)).reshape(4, 100, -1)
    expected = np.stack([power[[0, 2]].mean(axis=0), power[[1, 3]].mean(axis=0)])
    np.testing.assert_allclose(trend.log_power(), expected, atol=2e-3)
    long = Trend(24 * 3600)
    assert long.log_power().shape[2] <= 1500
    assert np.isnan(long.log_power()).all()
