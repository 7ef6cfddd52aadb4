import pytest
from pydantic import ValidationError

from hbac_assets.synthetic import settings
from hbac_assets.synthetic.settings import SyntheticSettings


def test_everything_scales_with_the_number_of_recordings():
    one, two = SyntheticSettings(recordings=240), SyntheticSettings(recordings=480)
    assert (one.patients, one.test_recordings, one.test_patients) == (60, 40, 20)
    assert (two.patients, two.test_recordings, two.test_patients) == (120, 80, 40)


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
