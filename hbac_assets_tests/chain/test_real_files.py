"""The chain on real files: few rows, most EEGs absent, empty vote slices, fewer training rows than a batch."""

import hashlib

import pandas as pd
import pytest

from hbac_assets.competition.tables import read_test_tables
from hbac_assets.scoring.submission import violations
from hbac_assets_tests.projects import make_project, project_of_real_files, require_real_files, share_generated_data


def digests(folder):
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def folder():
    return require_real_files()


@pytest.mark.long
def test_the_same_command_makes_a_submission_from_real_files(folder, finished, tmp_path):
    before = digests(folder)
    project = project_of_real_files(finished[0], tmp_path / "project", folder)
    done = project.run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert digests(folder) == before

    assert "synthetic" not in done.stdout
    assert not list((project.folder / "store").glob("synthetic*"))
    submission = pd.read_csv(project.results / "submission.csv")
    assert violations(submission, read_test_tables(folder).sample) == []
    assert submission["eeg_id"].tolist() == [3911565283]
    spectrograms = {int(path.stem) for path in project.results.parent.rglob("spectrograms/*.npy")}
    assert spectrograms == {int(path.stem) for path in folder.glob("*_spectrograms/*.parquet")}


def test_members_that_see_eegs_need_them(folder, finished, tmp_path):
    project = make_project(tmp_path / "project", HBAC_DATA_DIR=str(folder))
    share_generated_data(finished[0], project)
    done = project.run()
    assert done.returncode == 1
    assert "eeg_spectrograms: files: 24 of 25 cannot be used, at most 10.0% are set aside" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
