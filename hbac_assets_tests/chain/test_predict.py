"""Recordings predicted by the ensemble of the finished chain, with the command that a user would type."""

import signal

import numpy as np
import pandas as pd
import pytest

from hbac_assets.execution.interrupts import INTERRUPTED_MESSAGE
from hbac_assets.labels import PROBABILITY_COLUMNS
from hbac_assets_tests.projects import HBAC, wait_until
from hbac_assets_tests.recordings.files import synthetic_eeg, write_edf

EEG = synthetic_eeg("Seizure", 700)


def test_a_trained_store_predicts_a_recording(finished, tmp_path):
    project, _ = finished
    path = write_edf(tmp_path / "a.edf", EEG)
    done = project.command(*HBAC, "predict", str(path), "--output", str(tmp_path / "out"), "--step", "40", "--picture")
    assert done.returncode == 0, done.stderr
    assert {one.name for one in (tmp_path / "out").iterdir()} == {
        "a.predictions.csv",
        "a.predictions.png",
        "a.predictions.moments.png",
    }
    table = pd.read_csv(tmp_path / "out" / "a.predictions.csv")
    probabilities = table[list(PROBABILITY_COLUMNS)].dropna().to_numpy()
    assert len(probabilities) >= 5
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-4)
    assert probabilities.std(axis=0).max() > 0
    assert "not a medical device" in done.stderr


@pytest.mark.long
def test_a_bundle_predicts_what_its_store_does(finished, tmp_path):
    project, _ = finished
    path, bundle = write_edf(tmp_path / "a.edf", EEG), tmp_path / "bundle.zip"
    done = project.command(*HBAC, "bundle", "--output", str(bundle))
    assert done.returncode == 0, done.stderr
    tables = []
    for source in (bundle, project.folder / "store"):
        table = tmp_path / f"{source.stem}.parquet"
        done = project.command(*HBAC, "predict", str(path), "--from", str(source), "--output", str(table))
        assert done.returncode == 0, done.stderr
        tables.append(pd.read_parquet(table).select_dtypes("number"))
    np.testing.assert_allclose(*tables, atol=1e-5)


def test_without_a_trained_store_one_line_says_so(fresh, tmp_path):
    path = write_edf(tmp_path / "a.edf", EEG)
    done = fresh.command(*HBAC, "predict", str(path), "--output", str(tmp_path / "out"))
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_ctrl_c_while_predicting_leaves_nothing_half_done(finished, tmp_path):
    project, _ = finished
    path = write_edf(tmp_path / "a.edf", np.tile(EEG, (20, 1)))
    output = tmp_path / "out"
    command = (*HBAC, "predict", str(path), "--output", str(output), "--step", "2")
    log = project.folder / "predict.log"
    process = project.start(*command, log_name=log.name)
    wait_until(lambda: "x real time" in log.read_text(), process)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert log.read_text().splitlines()[-1] == INTERRUPTED_MESSAGE
    assert "Traceback" not in log.read_text()
    assert not output.exists() or not list(output.iterdir())
