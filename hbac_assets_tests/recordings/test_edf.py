"""EDF and BDF files: the same samples as edfio, in blocks; clock, annotations, gaps, and truncated files."""

from datetime import date, datetime, time

import numpy as np
import pytest
from edfio import read_bdf, read_edf

from hbac_assets.recordings.edf_layout import read_layout
from hbac_assets.recordings.opening import open_recording
from hbac_assets.recordings.recording import DATE_UNKNOWN, seconds
from hbac_assets.signals.montage import ELECTRODES
from hbac_assets_tests.recordings.files import make_discontinuous, patched, signals_of, synthetic_eeg, write_edf

EEG = synthetic_eeg("GPD", 700)[: 60 * 200]


@pytest.mark.parametrize("suffix", ["edf", "bdf"])
@pytest.mark.parametrize("annotations", [None, [(1.5, "a"), (20, "b")]], ids=["plain", "plus"])
@pytest.mark.parametrize("record_seconds", [1, 0.5, 5])
def test_any_block_of_any_channels_is_what_edfio_reads(suffix, annotations, record_seconds, tmp_path):
    path = write_edf(tmp_path / f"a.{suffix}", EEG, annotations=annotations, record_seconds=record_seconds)
    read = (read_edf if suffix == "edf" else read_bdf)(path)
    expected = np.stack([signal.data for signal in read.signals], axis=1)
    recording = open_recording(path)
    assert [channel.label for channel in recording.channels] == list(ELECTRODES)
    assert seconds(recording) == 60
    for first, after in ((0, 12_000), (0, 1), (11_999, 12_000), (137, 2501), (200, 400)):
        found = recording.read([3, 0, 18], 0, first, after)
        np.testing.assert_allclose(found, expected[first:after, [3, 0, 18]], atol=1e-9)


@pytest.mark.parametrize("suffix", ["edf", "bdf"])
def test_annotations_and_the_clock_are_kept(suffix, tmp_path):
    annotations = [(0.25, "eyes open"), (1.5, "a;b $x"), (59.9, "Anfall, ä")]
    path = write_edf(
        tmp_path / f"a.{suffix}", EEG, annotations=annotations, start=time(22, 10, 5, 500_000), day=date(2020, 3, 4)
    )
    recording = open_recording(path)
    assert recording.start == datetime(2020, 3, 4, 22, 10, 5, 500_000)
    assert [(one.onset, one.text) for one in recording.annotations] == annotations


def test_annotations_may_stand_anywhere_among_the_signals(tmp_path):
    path = write_edf(tmp_path / "a.edf", EEG, annotations=[(3, "here")])
    layout = read_layout(path)
    content = path.read_bytes()
    fields = (16, 80, 8, 8, 8, 8, 8, 80, 8, 32)
    header, place = content[:256], 256
    count = len(layout.labels)
    for width in fields:  # the last signal becomes the first
        values = [content[place + width * number : place + width * (number + 1)] for number in range(count)]
        header += b"".join([values[-1], *values[:-1]])
        place += width * count
    moved = b""
    for record in range(60):
        begin = place + record * layout.offsets[-1]
        signals, stamp = np.split(np.frombuffer(content[begin : begin + layout.offsets[-1]], np.uint8), [7600])
        moved += stamp.tobytes() + signals.tobytes()
    other = tmp_path / "b.edf"
    other.write_bytes(header + moved)
    first, second = open_recording(path), open_recording(other)
    np.testing.assert_array_equal(first.read(range(19), 0, 0, 12_000), second.read(range(19), 0, 0, 12_000))
    assert first.annotations == second.annotations
    assert len(first.annotations) == 1


def test_a_hidden_date_leaves_the_time_and_no_clock_leaves_nothing(tmp_path):
    hidden = open_recording(write_edf(tmp_path / "a.edf", EEG, start=time(7, 30)))
    assert hidden.start == datetime.combine(DATE_UNKNOWN, time(7, 30))
    assert open_recording(write_edf(tmp_path / "b.edf", EEG)).start is None
    spoilt = patched(write_edf(tmp_path / "c.edf", EEG, day=date(2020, 1, 1)), 176, b"99.99.99")
    assert open_recording(spoilt).start is None


def test_a_file_cut_short_is_read_as_far_as_its_records_are_whole(tmp_path):
    path = write_edf(tmp_path / "a.edf", EEG)
    path.write_bytes(path.read_bytes()[:-10_000])
    recording = open_recording(path)
    assert seconds(recording) == 58
    assert recording.remarks == ("the header announces 60 records, 58 are there and were read",)


def test_a_recorder_that_did_not_know_the_number_of_records_is_no_remark(tmp_path):
    recording = open_recording(patched(write_edf(tmp_path / "a.edf", EEG), 236, b"-1      "))
    assert (seconds(recording), recording.remarks) == (60, ())


def test_gaps_of_a_discontinuous_file_are_where_the_time_stamps_say(tmp_path):
    onsets = [*range(20), *range(50, 75), *np.arange(15) + 80.25]
    path = make_discontinuous(write_edf(tmp_path / "a.edf", EEG, annotations=[(1, "room for onsets")]), onsets)
    signals = signals_of(path)
    assert signals.recording.remarks == ("2 gaps of 0:00:35 in all (discontinuous file)",)
    found = signals.derivation.electrodes(signals.between(0, signals.samples))
    expected = np.full((95 * 200 + 50, 19), np.nan)
    expected[:4000] = EEG[:4000]
    expected[50 * 200 : 75 * 200] = EEG[4000:9000]
    expected[80 * 200 + 50 :] = EEG[9000:]
    np.testing.assert_allclose(found, expected, atol=0.06)


def test_a_discontinuous_file_without_gaps_is_continuous(tmp_path):
    path = make_discontinuous(write_edf(tmp_path / "a.edf", EEG, annotations=[(2, "x")]), np.arange(60) + 0.5)
    recording = open_recording(path)
    assert (len(recording.segments), seconds(recording), recording.remarks) == (1, 60, ())
    assert [(one.onset, one.text) for one in recording.annotations] == [(1.5, "x")]
