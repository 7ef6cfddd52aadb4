import pytest
from pydantic import ValidationError

from hbac_assets.synthetic import settings
from hbac_assets.synthetic.settings import SyntheticSettings


def test_everything_scales_with_the_number_of_recordings():
    one, two = SyntheticSettings(recordings=240), SyntheticSettings(recordings=480)
    assert (one.patients, one.test_recordings, one.test_patients, one.most_appended) == (42, 30, 15, 3)
    assert (two.patients, two.test_recordings, two.test_patients, two.most_appended) == (84, 60, 30, 6)


def test_small_sets_have_patients_enough_for_folds_and_no_appended_recordings():
    found = {number: SyntheticSettings(recordings=number).patients for number in (8, 24, 48, 68)}
    assert found == {8: 4, 24: 12, 48: 12, 68: 12}
    assert SyntheticSettings(recordings=79).most_appended == 0


def test_fingerprint_changes_with_settings_and_code(monkeypatch):
    default = SyntheticSettings().fingerprint
    assert default == SyntheticSettings().fingerprint
    assert default != SyntheticSettings(seed=1).fingerprint
    assert default != SyntheticSettings(recordings=8).fingerprint
    monkeypatch.setattr(settings, "CODE_VERSION", settings.CODE_VERSION + 1)
    assert default != SyntheticSettings().fingerprint


@pytest.mark.parametrize("wrong", [{"recordings": 7}, {"seed": -1}, {"patients": 10}])
def test_impossible_and_unknown_settings_are_refused(wrong):
    with pytest.raises(ValidationError):
        SyntheticSettings(**wrong)
