"""MLflow refuses, dies, hangs: runs succeed, say so once, and the same command logs later what is missing."""

import os
import signal
import sqlite3

import pytest
from mlflow import MlflowClient

from hbac_assets_tests.faults.requirements import require_finishes, require_same_results, told_of_mlflow
from hbac_assets_tests.faults.servers import free_port, mlflow_server, wait_until_answered
from hbac_assets_tests.projects import SECONDS, said, wait_until

PASSWORD = "open-sesame"
SEARCH = """
description: a search of two trials
folds: 2
members:
  small: {backbone: mobilenet_v3_small, batchnorm_momentum: 0.9}
search: {member: small, folds: 1, epochs: 1, batches: 1, trials: 2}
"""


def trained_while(project, server, number):
    """Run the chain; when it is in training, send the server a signal. Return what was printed."""
    log = project.folder / "started.log"
    process = project.start_run()
    wait_until(lambda: said(project, "epoch 2/"), process)
    os.killpg(server.pid, number)
    assert process.wait(SECONDS) == 0, log.read_text()
    return log.read_text()


@pytest.fixture
def project(fresh):
    """A project whose tracking URI is a port where nobody listens yet."""
    fresh.environment["MLFLOW_TRACKING_URI"] = f"http://127.0.0.1:{free_port()}"
    return fresh


def port_of(project):
    return int(project.environment["MLFLOW_TRACKING_URI"].rpartition(":")[2])


@pytest.mark.long
def test_a_server_that_refuses_is_told_once_without_its_password(project, undisturbed, case):
    done = project.run(MLFLOW_TRACKING_URI=f"http://someone:{PASSWORD}@127.0.0.1:{port_of(project)}")
    assert done.returncode == 0, done.stdout + done.stderr
    (line,) = told_of_mlflow(done.stderr)
    case("MLflow refuses at the start", "the run succeeds, told in one line", line)
    assert f"http://someone:***@127.0.0.1:{port_of(project)}: " in line
    assert "materialize again" in line
    assert PASSWORD not in done.stdout + done.stderr
    assert not [one for one in project.folder.rglob("*") if one.is_file() and PASSWORD.encode() in one.read_bytes()]
    require_same_results(project, undisturbed)


@pytest.mark.long
def test_a_server_that_is_killed_gets_later_what_is_missing(project, undisturbed, tmp_path, case):
    with mlflow_server(tmp_path, port_of(project)) as server:
        lines = told_of_mlflow(trained_while(project, server, signal.SIGKILL))
    case("MLflow is killed in training", "the run succeeds, told; the rest is logged later", "; ".join(lines))
    assert 1 <= len(lines) <= 2  # two cells may notice at one moment
    with mlflow_server(tmp_path, port_of(project)):
        require_finishes(project, undisturbed)


@pytest.mark.long
def test_a_server_that_hangs_is_given_up_within_the_bound(project, undisturbed, tmp_path, case):
    with mlflow_server(tmp_path, port_of(project)) as server:
        lines = told_of_mlflow(trained_while(project, server, signal.SIGSTOP))
        case("MLflow hangs in training", "given up within a minute", "; ".join(lines))
        assert 1 <= len(lines) <= 2
        os.killpg(server.pid, signal.SIGCONT)
        wait_until_answered(port_of(project))
        require_finishes(project, undisturbed)


@pytest.mark.long
def test_trials_told_without_mlflow_are_logged_by_the_next_materialization(fresh, tmp_path, case):
    searching = tmp_path / "searching.yaml"
    searching.write_text(SEARCH)
    command = ("dagster", "asset", "materialize", "--select")
    searches = {"HBAC_EXPERIMENT": str(searching), "HBAC_MINIATURE": "1"}
    away = {"MLFLOW_TRACKING_URI": f"http://127.0.0.1:{free_port()}", **searches}
    first = fresh.command(*command, "*hyperparameter_search", **away)
    assert first.returncode == 0, first.stderr
    assert told_of_mlflow(first.stderr)
    again = fresh.command(*command, "hyperparameter_search", **searches)
    assert again.returncode == 0, again.stderr
    client = MlflowClient(fresh.environment["MLFLOW_TRACKING_URI"])
    experiment = client.get_experiment_by_name("searching-miniature")
    runs = {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}
    case("trials while MLflow was away", "logged by the next materialization", sorted(runs))
    assert set(runs) == {"search of small", "small trial 1", "small trial 2"}
    assert {run.info.status for run in runs.values()} == {"FINISHED"}
    with sqlite3.connect(next(fresh.folder.rglob("trials.db"))) as trials:
        stored = trials.execute("select intermediate_value from trial_intermediate_values order by trial_id").fetchall()
    for number, (val_loss,) in enumerate(stored, start=1):
        metrics = runs[f"small trial {number}"].data.metrics
        assert metrics["val_loss"] == pytest.approx(val_loss)
        assert {"loss", "learning_rate", "images_per_second", "search_loss"} <= set(metrics)
    names = {artifact.path for artifact in client.list_artifacts(runs["search of small"].info.run_id)}
    assert names == {"history.png", "importances.png", "trials.csv"}
