"""A run that is killed in the middle of training: the same command finishes it, with the same bits."""

import os
import signal
import time

import pandas as pd
import pytest
from dagster import DagsterInstance, DagsterRunStatus
from mlflow import MlflowClient


def wait_for(condition, seconds=300):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def one_cell_is_done(project):
    return any((project.folder / "store").glob("*/*/models/*/fold_*.manifest.json"))


@pytest.mark.parametrize(
    "whole_group",
    [pytest.param(True, id="process group", marks=pytest.mark.long), pytest.param(False, id="parent alone")],
)
def test_the_same_command_finishes_a_killed_run(finished, fresh, whole_group):
    process = fresh.start_run()
    wait_for(lambda: one_cell_is_done(fresh))
    os.killpg(process.pid, signal.SIGKILL) if whole_group else process.kill()
    process.wait()
    kept = {path: path.stat().st_mtime_ns for path in fresh.folder.rglob("fold_*.manifest.json")}
    done = fresh.run()
    assert done.returncode == 0, done.stdout + done.stderr

    assert kept
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    undisturbed = pd.read_parquet(finished[0].results / "oof.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(fresh.results / "oof.parquet"), undisturbed, check_exact=True)
    assert (fresh.results / "submission.csv").read_bytes() == (finished[0].results / "submission.csv").read_bytes()
    with DagsterInstance.from_config(fresh.environment["DAGSTER_HOME"]) as instance:
        statuses = sorted(run.status.value for run in instance.get_runs())
    assert statuses == [DagsterRunStatus.FAILURE.value, DagsterRunStatus.SUCCESS.value]
    client = MlflowClient(fresh.environment["MLFLOW_TRACKING_URI"])
    experiment = client.get_experiment_by_name("quickstart-miniature")
    assert {run.info.status for run in client.search_runs([experiment.experiment_id])} == {"FINISHED"}
    assert not list(fresh.folder.rglob("*.partial*"))
