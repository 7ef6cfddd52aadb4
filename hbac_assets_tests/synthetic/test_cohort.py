import numpy as np
import pytest

from hbac_assets.synthetic.cohort import HABIT, cohort_sizes, draw_position, usual_positions


@pytest.mark.parametrize(("recordings", "patients"), [(8, 4), (24, 12), (400, 70), (2_000, 351), (67, 34), (2, 1)])
def test_every_recording_has_a_patient_and_every_patient_a_recording(recordings: int, patients: int):
    sizes = cohort_sizes(recordings, patients)
    assert sizes.shape == (patients,)
    assert sizes.sum() == recordings
    assert sizes.min() >= 1


def test_few_patients_have_many_recordings():
    sizes = cohort_sizes(2_000, 351)
    assert np.median(sizes) == 3
    assert 40 <= sizes.max() <= 90


def test_usual_positions_are_even_over_recordings_and_differ_between_seeds():
    sizes = cohort_sizes(2_000, 351)
    positions = usual_positions(np.random.default_rng(0), sizes)
    for low, high in ((0, 0.1), (0.1, 0.5), (0.5, 1)):
        inside = (positions >= low) & (positions < high)
        assert sizes[inside].sum() / sizes.sum() == pytest.approx(high - low, abs=sizes.max() / sizes.sum())
    assert not np.allclose(positions, usual_positions(np.random.default_rng(1), sizes))


def test_a_recording_mostly_shows_what_is_usual():
    rng = np.random.default_rng(0)
    drawn = np.array([draw_position(rng, 0.3) for _ in range(4_000)])
    assert np.mean(drawn == 0.3) == pytest.approx(HABIT, abs=0.01)
    assert drawn[drawn != 0.3].mean() == pytest.approx(0.5, abs=0.1)
