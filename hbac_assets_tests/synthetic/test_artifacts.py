import numpy as np
import pytest
from scipy.signal import find_peaks

from hbac_assets.signals.montage import EEG_COLUMNS, EEG_RATE, ELECTRODES
from hbac_assets.synthetic import artifacts, bad_electrodes, bedside_artifacts, body_artifacts

SECONDS = 120


@pytest.fixture
def eeg() -> np.ndarray:
    return np.zeros((20, SECONDS * EEG_RATE), np.float32)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def row(name: str) -> int:
    return EEG_COLUMNS.index(name)


def spectrum(signal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.fft.rfftfreq(len(signal), 1 / EEG_RATE), np.abs(np.fft.rfft(signal)) ** 2


def test_the_heart_beats_in_the_ekg_and_faintly_in_the_eeg(rng, eeg):
    body_artifacts.add_heart(rng, eeg)
    ekg = eeg[row("EKG")]
    beats = np.count_nonzero(np.diff((ekg > ekg.max() / 2).astype(int)) == 1)
    assert 50 < beats / SECONDS * 60 < 120
    assert 0 < np.abs(eeg[row("T5")]).max() < 0.05 * ekg.max()
    assert not eeg[row("Cz")].any()


def test_line_noise_is_at_60_hz_or_50_hz(eeg):
    lines = []
    for seed in range(100):
        eeg[:] = 0
        bedside_artifacts.add_line_noise(np.random.default_rng(seed), eeg)
        frequency, power = spectrum(eeg[eeg.std(axis=1).argmax()])
        lines.append(frequency[power.argmax()])
        assert eeg.std(axis=1).max() > 1.2 * np.median(eeg.std(axis=1))
    assert {round(line) for line in lines} == {50, 60}
    assert np.mean(np.round(lines) == 50) == pytest.approx(bedside_artifacts.LINE_50_HZ, abs=0.06)


def test_blinks_are_frontal_symmetric_and_slow(rng, eeg):
    body_artifacts.add_blinks(rng, eeg)
    assert 50 < eeg[row("Fp1")].max() < 400
    np.testing.assert_array_equal(eeg[row("Fp1")], eeg[row("Fp2")])
    assert not eeg[row("O1")].any()
    frequency, power = spectrum(eeg[row("Fp1")])
    assert power[frequency < 5].sum() > 0.95 * power.sum()


def test_muscle_is_fast_and_temporal(rng, eeg):
    body_artifacts.add_muscle(rng, eeg)
    frequency, power = spectrum(eeg[row("T3")])
    assert power[frequency > 13].sum() > 0.9 * power.sum()
    assert eeg[row("T3")].any()
    assert not eeg[row("Cz")].any()


def test_movement_leaves_the_range_of_brains(rng, eeg):
    largest = []
    for _ in range(20):
        eeg[:] = 0
        body_artifacts.add_movement(rng, eeg)
        largest.append(np.abs(eeg).max())
    assert max(largest) > 4_900
    assert not eeg[row("EKG")].any()


def test_chewing_is_muscle_in_bursts(rng, eeg):
    body_artifacts.add_chewing(rng, eeg)
    frequency, power = spectrum(eeg[row("T3")])
    assert power[frequency > 13].sum() > 0.9 * power.sum()
    running = np.abs(eeg[row("T3")])
    envelope = running[running.nonzero()[0][0] :][: 5 * EEG_RATE].reshape(-1, 10).mean(axis=1)
    assert np.quantile(envelope, 0.2) < 0.25 * envelope.max()


def test_a_pulse_follows_the_heart_under_one_electrode(rng, eeg):
    body_artifacts.add_pulse(rng, eeg)
    seen = eeg.any(axis=1)
    assert seen.sum() == 1
    beats = find_peaks(eeg[seen][0], prominence=10, distance=60)[0]
    assert 50 < len(beats) / SECONDS * 60 < 120


def test_sweat_drifts_below_half_a_hertz(rng, eeg):
    body_artifacts.add_sweat(rng, eeg)
    affected = eeg[eeg.any(axis=1)]
    assert 2 <= len(affected) <= 7
    frequency, power = spectrum(affected[0])
    assert power[frequency < 0.7].sum() > 0.9 * power.sum()


def test_a_ventilator_breathes(rng, eeg):
    bedside_artifacts.add_ventilator(rng, eeg)
    affected = eeg[eeg.any(axis=1)]
    frequency, power = spectrum(affected[0] - affected[0].mean())
    assert 12 / 60 <= frequency[power.argmax()] <= 24 / 60 + 0.01
    assert len(affected) >= 3


def test_percussion_is_rhythmic_and_where_the_head_lies(rng, eeg):
    bedside_artifacts.add_percussion(rng, eeg)
    assert eeg[row("O1")].std() > 0
    assert not eeg[row("Fp1")].any()
    frequency, power = spectrum(eeg[row("O1")])
    assert 2.5 < frequency[power.argmax()] < 7


@pytest.mark.parametrize(
    ("spoil", "seen"),
    [
        (bad_electrodes.pop, lambda signal: np.abs(np.diff(signal)).max() > 100),
        (bad_electrodes.drift, lambda signal: signal.std() > 150),
        (bad_electrodes.saturate, lambda signal: np.mean(np.abs(signal) > 500) > 0.5),
        (bad_electrodes.polarise, lambda signal: np.mean(np.abs(signal) > 500) > 0.9),
        (bad_electrodes.disconnect, lambda signal: np.abs(np.diff(signal)).max() > 1),
        (bad_electrodes.flatten, lambda signal: not signal.any()),
    ],
)
def test_each_kind_of_bad_electrode(rng, spoil, seen):
    signal = rng.normal(0, 0.1, SECONDS * EEG_RATE).astype(np.float32)
    spoil(rng, signal)
    assert seen(signal)
    assert np.abs(signal).max() < 50_000


def test_bad_electrodes_are_few_and_on_the_scalp(eeg):
    kinds = set()
    for seed in range(60):
        eeg[:] = 1
        bad_electrodes.spoil_electrodes(np.random.default_rng(seed), eeg)
        bad = np.flatnonzero((eeg != 1).any(axis=1))
        assert len(bad) <= 4
        assert not np.any(bad == len(ELECTRODES))
        kinds.add(len(bad))
    assert kinds >= {1, 2, 3}


@pytest.mark.parametrize("seed", range(10))
def test_lost_samples_are_runs_over_all_rows_outside_the_labelled_seconds(eeg, seed):
    artifacts.lose_samples(np.random.default_rng(seed), eeg, moments := np.array([20, 24, 60]))
    missing = np.isnan(eeg)
    assert (missing == missing[0]).all()
    assert missing[0, 66 * EEG_RATE : 85 * EEG_RATE].any()
    for moment in moments:
        assert not missing[0, (moment - 5) * EEG_RATE : (moment + 5) * EEG_RATE].any()
    runs = np.diff(np.flatnonzero(np.diff(np.concatenate([[0], missing[0], [0]]))))[::2]
    assert runs.max() >= EEG_RATE


def test_each_happens_to_its_fraction_of_the_recordings():
    quiet = np.random.default_rng(0).normal(0, 20, (20, 60 * EEG_RATE)).astype(np.float32)

    def recordings(pattern: float) -> list[np.ndarray]:
        made = []
        for index in range(200):
            made.append(quiet.copy())
            artifacts.add_artifacts(np.random.default_rng(index), made[-1], np.array([30]), pattern)
        return made

    def large(eeg: np.ndarray) -> float:
        return float(np.mean(np.abs(np.nan_to_num(eeg[: len(ELECTRODES)])) > 500))

    plain = recordings(0.0)
    assert np.mean([np.isnan(eeg).any() for eeg in plain]) == pytest.approx(artifacts.LOST_SAMPLES, abs=0.05)
    # Every other sample of one electrode in nineteen, or more.
    assert 0.1 < np.mean([large(eeg) > 0.5 / len(ELECTRODES) for eeg in plain]) < 0.35
    # Readers see fewer patterns where electrodes are bad.
    assert sum(large(eeg) > 0.02 for eeg in recordings(1.0)) < 0.7 * sum(large(eeg) > 0.02 for eeg in plain)
