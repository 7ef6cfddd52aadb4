"""The sensor for changed input data: off by default; switched on, it requests one run per state of the files."""

import os

import pytest
from dagster import DefaultSensorStatus, RunRequest, SkipReason, build_sensor_context

from hbac_assets import defs
from hbac_assets.resources.competition import RECORDINGS, CompetitionData


@pytest.fixture
def folder(tmp_path):
    for name in ("train.csv", "test.csv", "sample_submission.csv"):
        (tmp_path / name).write_text("id\n1\n")
    for name in RECORDINGS:
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.parquet").write_bytes(b"one")
    return tmp_path


class Switched:
    """The sensor as Dagster's daemon evaluates it: each evaluation gets the previous cursor."""

    def __init__(self, folder):
        self.competition = CompetitionData(folder=str(folder), synthetic_recordings=48)
        self.cursor = None

    def look(self):
        sensor = defs.get_repository_def().get_sensor_def("changed_input_data")
        with build_sensor_context(cursor=self.cursor, resources={"competition": self.competition}) as context:
            found = sensor(context)
            self.cursor = context.cursor
        return found


def change(folder, what):
    file = folder / what
    file.write_bytes(file.read_bytes() + b"2\n" if file.exists() else b"new")


def test_it_is_off_and_starts_the_whole_chain():
    (sensor,) = defs.sensors
    assert sensor.default_status is DefaultSensorStatus.STOPPED
    assert sensor.job_name == "whole_chain"


@pytest.mark.parametrize("what", ["train.csv", "test.csv", "train_eegs/1.parquet", "test_spectrograms/2.parquet"])
def test_new_and_changed_files_are_run_once_when_they_stay_as_they_are(folder, what):
    switched = Switched(folder)
    assert isinstance(switched.look(), SkipReason)
    first = switched.look()
    assert isinstance(first, RunRequest)
    assert isinstance(switched.look(), SkipReason)
    change(folder, what)
    assert "once they are stable" in switched.look().skip_message
    change(folder, what)
    assert "once they are stable" in switched.look().skip_message
    again = switched.look()
    assert isinstance(again, RunRequest)
    assert again.run_key != first.run_key
    assert "nothing has changed" in switched.look().skip_message


def test_a_file_that_is_only_touched_counts_as_changed(folder):
    switched = Switched(folder)
    switched.look(), switched.look()
    os.utime(folder / "train.csv", (1, 1))
    assert "new or have changed" in switched.look().skip_message


def test_without_a_folder_nothing_runs_and_the_reason_is_said(tmp_path):
    assert "synthetic" in Switched("").look().skip_message
    missing = Switched(tmp_path / "none")
    assert "HBAC_DATA_DIR" in missing.look().skip_message
