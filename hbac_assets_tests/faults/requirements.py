"""What must hold once a disturbed run of the small experiment is finished: nothing lost, wrong or left behind."""

import re

import psutil
from dagster import DagsterInstance, DagsterRunStatus
from mlflow import MlflowClient

from hbac_assets_tests.faults.small import EPOCHS, FOLDS

ENDED = {DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE}
RESULTS = ("oof.parquet", "submission.csv")


def epochs_logged(text):
    """Return the finished epochs that a run's output names: (fold, epoch), as often as they are there."""
    return [(int(fold), int(epoch)) for fold, epoch in re.findall(r"small fold (\d): epoch (\d+)/", text)]


def require_same_results(project, undisturbed):
    """Check that the results have the bits of an undisturbed run."""
    for name in RESULTS:
        assert (project.results / name).read_bytes() == (undisturbed.results / name).read_bytes()


def require_nothing_left(project, processes=()):
    """Check that no process, temporary file or unfinished run stays behind, and that MLflow has everything once.

    Args:
        project: whose last command has ended.
        processes: those that the disturbed run had.
    """
    _, alive = psutil.wait_procs(list(processes), timeout=10)
    assert not alive
    assert not list(project.folder.rglob("*.partial*"))
    with DagsterInstance.from_config(project.environment["DAGSTER_HOME"]) as instance:
        assert {run.status for run in instance.get_runs()} <= ENDED
    client = MlflowClient(project.environment["MLFLOW_TRACKING_URI"])
    experiment = client.get_experiment_by_name("one_small")
    runs = client.search_runs([experiment.experiment_id])
    assert [run.info.status for run in runs] == ["FINISHED"] * (FOLDS + 2)  # the cells, their member, the ensemble
    assert len(client.search_logged_models([experiment.experiment_id])) == FOLDS
    cells = [run for run in runs if run.data.tags.get("fold", "all") != "all"]
    assert len(cells) == FOLDS
    for run in cells:
        history = client.get_metric_history(run.info.run_id, "val_loss")
        assert sorted(metric.step for metric in history) == list(range(1, EPOCHS + 1))
        assert "model_uri" in run.data.tags
