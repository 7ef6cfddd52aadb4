"""Requirements after a disturbed run of the small experiment is finished: nothing lost, wrong or left behind."""

import re
from collections import Counter

import psutil
from dagster import DagsterInstance, DagsterRunStatus
from mlflow import MlflowClient

from hbac_assets_tests.faults.small import EPOCHS, FOLDS, NAME

ENDED = {DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE}
RESULTS = ("oof.parquet", "submission.csv")
ONE_LINE = re.compile(r"\n\n(.+)\n\Z")


def last_line(text):
    """Return the line that stands apart at the end of what a run printed, without any traceback before it."""
    assert "Traceback" not in text, text
    found = ONE_LINE.search(text)
    assert found, text
    return found[1]


def told_of_mlflow(text):
    """Return the lines that say that MLflow is unavailable."""
    return [line for line in text.splitlines() if "MLflow at " in line]


def epochs_logged(project):
    """Return the finished epochs that the logs of all runs name: (fold, epoch), as often as they are there."""
    with DagsterInstance.from_config(project.environment["DAGSTER_HOME"]) as instance:
        logs = [instance.all_logs(run.run_id) for run in instance.get_runs()]
    said = "\n".join(entry.user_message for log in logs for entry in log)
    return [
        (int(fold), int(epoch))
        for fold, epoch in re.findall(r"small fold (\d): epoch (\d+)/\d+(?:, stage \d/\d)?, loss", said)
    ]


def require_finishes(project, undisturbed, processes=()):
    """Run again, and check that this finishes with the results of an undisturbed run and everything in order.

    Args:
        project: that was disturbed; the epochs that were finished before are not trained again.
        undisturbed: that was not.
        processes: those that the disturbed run had.
    """
    before = Counter(epochs_logged(project))
    done = project.run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert not told_of_mlflow(done.stderr)
    assert not set(before) & set(Counter(epochs_logged(project)) - before)
    require_same_results(project, undisturbed)
    require_nothing_left(project, processes)


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
    experiment = client.get_experiment_by_name(NAME)
    runs = client.search_runs([experiment.experiment_id])
    assert [run.info.status for run in runs] == ["FINISHED"] * (FOLDS + 2)  # the cells, their member, the ensemble
    assert len(client.search_logged_models([experiment.experiment_id])) == FOLDS
    cells = [run for run in runs if run.data.tags.get("fold", "all") != "all"]
    assert sorted(run.data.tags["fold"] for run in cells) == [str(fold) for fold in range(FOLDS)]
    for run in runs:
        if run not in cells:
            assert "oof_kl" in run.data.metrics
            continue
        history = client.get_metric_history(run.info.run_id, "val_loss")
        assert sorted(metric.step for metric in history) == list(range(1, EPOCHS + 1))
        assert "scored_val_loss" in run.data.metrics
        assert "model_uri" in run.data.tags
        assert {"history.csv", "loss_curves.png"} <= {one.path for one in client.list_artifacts(run.info.run_id)}
