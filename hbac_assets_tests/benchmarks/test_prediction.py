import sys

import pytest

from benchmarks.rows import prediction
from benchmarks.rows.prediction import Used, measure, results, write_recording
from hbac_assets.recordings.opening import open_recording
from hbac_assets.recordings.recording import seconds


def test_the_recording_is_as_long_as_it_should_be(tmp_path):
    recording = open_recording(write_recording(tmp_path / "2.edf", 2))
    assert seconds(recording) == 2 * 3600
    assert recording.remarks == ()
    assert (recording.read([4], 0, 0, 200) == recording.read([4], 0, 3600 * 200, 3600 * 200 + 200)).all()


def test_the_command_is_measured_and_its_failure_told(tmp_path, monkeypatch):
    monkeypatch.setattr(prediction, "HBAC", (sys.executable, "-c", "b = bytes(200 << 20); sum(range(10**6))"))
    used = measure(tmp_path / "a.edf", tmp_path / "bundle.zip", tmp_path)
    assert used.memory > 200 << 20
    assert used.processor > 0
    monkeypatch.setattr(prediction, "HBAC", (sys.executable, "-c", "raise SystemExit(3)"))
    with pytest.raises(RuntimeError, match="ended with status 3"):
        measure(tmp_path / "a.edf", tmp_path / "bundle.zip", tmp_path)


@pytest.mark.parametrize(("seconds", "growth", "reached"), [(172, 1.2, [True, True]), (174, 1.3, [False, False])])
def test_a_day_is_compared_with_its_own_time_and_with_the_memory_of_few_hours(seconds, growth, reached):
    found = results(few=Used(10, 20, 2**30), day=Used(seconds, 200, int(growth * 2**30)))
    assert [one.reached for one in found] == reached
    assert found[0].ratio == pytest.approx(86_400 / seconds)
    assert found[1].ratio == pytest.approx(growth)
