import numpy as np
import pytest

from hbac_assets.signals.montage import EEG_COLUMNS, EEG_RATE, ELECTRODES
from hbac_assets.synthetic import artifacts

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


def test_the_heart_beats_in_the_ekg_and_whispers_in_the_eeg(rng, eeg):
    artifacts.add_heart(rng, eeg)
    ekg = eeg[row("EKG")]
    beats = np.count_nonzero(np.diff((ekg > ekg.max() / 2).astype(int)) == 1)
    assert 50 < beats / SECONDS * 60 < 120
    assert 0 < np.abs(eeg[row("T5")]).max() < 0.05 * ekg.max()
    assert not eeg[row("Cz")].any()


def test_mains_is_a_line_at_60_hz(rng, eeg):
    artifacts.add_mains(rng, eeg)
    frequency, power = spectrum(eeg[eeg.std(axis=1).argmax()])
    assert frequency[power.argmax()] == pytest.approx(60)
    assert eeg.std(axis=1).max() > 3 * np.median(eeg.std(axis=1)) / 2


def test_blinks_are_frontal_symmetric_and_slow(rng, eeg):
    artifacts.add_blinks(rng, eeg)
    assert 50 < eeg[row("Fp1")].max() < 400
    np.testing.assert_array_equal(eeg[row("Fp1")], eeg[row("Fp2")])
    assert not eeg[row("O1")].any()
    frequency, power = spectrum(eeg[row("Fp1")])
    assert power[frequency < 5].sum() > 0.95 * power.sum()


def test_muscle_is_fast_and_temporal(rng, eeg):
    artifacts.add_muscle(rng, eeg)
    frequency, power = spectrum(eeg[row("T3")])
    assert power[frequency > 13].sum() > 0.9 * power.sum()
    assert eeg[row("T3")].any()
    assert not eeg[row("Cz")].any()


def test_movement_leaves_the_range_of_brains(rng, eeg):
    largest = []
    for _ in range(20):
        eeg[:] = 0
        artifacts.add_movement(rng, eeg)
        largest.append(np.abs(eeg).max())
    assert max(largest) > 4_900
    assert not eeg[row("EKG")].any()


def test_a_lost_electrode_shows_no_brain(rng, eeg):
    brain = rng.normal(0, 20, eeg.shape).astype(np.float32)
    eeg += brain
    artifacts.lose_electrode(rng, eeg)
    lost = np.flatnonzero((eeg != brain).any(axis=1))
    assert len(lost) == 1
    assert lost[0] < len(ELECTRODES)
    assert abs(np.corrcoef(eeg[lost[0]], brain[lost[0]])[0, 1]) < 0.05


def test_lost_samples_are_runs_over_all_rows_soon_after_the_labelled_seconds(rng, eeg):
    artifacts.lose_samples(rng, eeg, moment := SECONDS // 2)
    missing = np.isnan(eeg)
    assert (missing == missing[0]).all()
    assert missing[0, (moment + 6) * EEG_RATE : (moment + 25) * EEG_RATE].any()
    assert not missing[0, (moment - 5) * EEG_RATE : (moment + 5) * EEG_RATE].any()
    runs = np.diff(np.flatnonzero(np.diff(np.concatenate([[0], missing[0], [0]]))))[::2]
    assert runs.max() >= EEG_RATE


def test_each_happens_to_its_share_of_the_recordings():
    brain = np.random.default_rng(0).normal(0, 20, (20, 60 * EEG_RATE)).astype(np.float32)
    recordings = []
    for index in range(150):
        eeg = brain.copy()
        artifacts.add_artifacts(np.random.default_rng(index), eeg, moment=30)
        recordings.append(eeg)
    kept = [np.nan_to_num(eeg[: len(ELECTRODES)]) for eeg in recordings]

    def share(happens) -> float:
        return float(np.mean([happens(eeg) for eeg in kept]))

    missing = np.mean([np.isnan(eeg).any() for eeg in recordings])
    assert missing == pytest.approx(artifacts.LOST_SAMPLES, abs=0.06)
    wild = share(lambda eeg: np.abs(eeg).max() > 700)
    assert wild == pytest.approx(artifacts.MOVEMENT, abs=0.08)
    # A recording in which one electrode has lost what the others kept of the brain.
    reference = np.fft.rfft(brain[: len(ELECTRODES)])[:, 600:900]
    lost = share(lambda eeg: (np.abs(np.fft.rfft(eeg)[:, 600:900]) < 0.2 * np.abs(reference)).mean(axis=1).max() > 0.9)
    assert lost == pytest.approx(artifacts.LOST_ELECTRODE, abs=0.06)
