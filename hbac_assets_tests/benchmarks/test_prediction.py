from benchmarks.rows.prediction import write_recording
from hbac_assets.recordings.opening import open_recording
from hbac_assets.recordings.recording import seconds


def test_the_recording_is_as_long_as_it_should_be(tmp_path):
    recording = open_recording(write_recording(tmp_path / "2.edf", 2))
    assert seconds(recording) == 2 * 3600
    assert recording.remarks == ()
    assert (recording.read([4], 0, 0, 200) == recording.read([4], 0, 3600 * 200, 3600 * 200 + 200)).all()
