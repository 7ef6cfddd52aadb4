import numpy as np
import pytest

from hbac_assets.scoring.paired_gain import paired_gain

RANDOM = np.random.default_rng(0)
PATIENTS = np.repeat(np.arange(60), RANDOM.integers(1, 6, 60))


def test_the_difference_is_of_the_same_rows() -> None:
    """Rows differ by far more than the change does: seen side by side alone, 0.01 is no chance."""
    before = RANDOM.gamma(1, 1, len(PATIENTS))
    after = before - 0.01 - RANDOM.normal(0, 0.01, len(PATIENTS))
    found = paired_gain(before, after, PATIENTS)
    assert (found.before, found.after) == (pytest.approx(before.mean()), pytest.approx(after.mean()))
    assert found.gain == pytest.approx((before - after).mean())
    assert found.low is not None
    assert found.high is not None
    assert 0.005 < found.low < found.gain < found.high < 0.015
    assert not found.may_be_chance
    assert paired_gain(after, before, PATIENTS).gain == pytest.approx(-found.gain)


def test_patients_are_what_is_drawn() -> None:
    gains = RANDOM.normal(0, 1, 60)[PATIENTS]
    zeros = np.zeros(len(PATIENTS))
    of_patients = paired_gain(gains, zeros, PATIENTS)
    of_rows = paired_gain(gains, zeros, np.arange(len(PATIENTS)))
    assert of_patients.gain == pytest.approx(of_rows.gain)
    widths = [(found.high or 0) - (found.low or 0) for found in (of_patients, of_rows)]
    assert widths[0] > 1.3 * widths[1]


def test_of_one_patient_there_is_no_interval() -> None:
    found = paired_gain(np.ones(3), np.zeros(3), np.zeros(3))
    assert found == (1, 0, 1, None, None, True)
