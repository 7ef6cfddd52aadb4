"""MLflow refuses, dies, hangs: runs succeed, say so, and the same command logs later what is missing."""

import os
import signal
import sqlite3

import pytest

from hbac_assets_tests.faults.interrupting import (
    EPOCHS,
    RUN,
    answers,
    free_port,
    logged_runs,
    mlflow_server,
    printed,
    share,
    small_project,
    wait_for,
    wait_until_printed,
)
from hbac_assets_tests.projects import make_project, share_generated_data

PASSWORD = "open-sesame"
NAMES = {"small", "small fold 0", "small fold 1", "ensemble"}
SEARCH = """
description: a search of two trials
folds: 2
members:
  small: {backbone: mobilenet_v3_small, batchnorm_momentum: 0.9}
search: {member: small, folds: 1, epochs: 1, batches: 1, trials: 2}
"""


def told(text):
    """Return the lines that say that MLflow cannot be had."""
    return [line for line in text.splitlines() if "MLflow at " in line]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A project with synthetic data and compiled programs."""
    project = small_project(tmp_path_factory.mktemp("prepared"))
    done = project.run()
    assert done.returncode == 0, done.stdout + done.stderr
    return project


def project_on(folder, uri, prepared):
    project = small_project(folder / "project", MLFLOW_TRACKING_URI=uri)
    share(prepared, project, "synthetic", "cache")
    return project


def require_complete(uri):
    """Everything that a run logs is there, once."""
    client, runs = logged_runs(uri, "small")
    assert set(runs) == NAMES
    assert {run.info.status for run in runs.values()} == {"FINISHED"}
    assert {"oof_kl", "val_loss_mean"} <= set(runs["small"].data.metrics)
    assert "oof_kl" in runs["ensemble"].data.metrics
    for fold in range(2):
        run = runs[f"small fold {fold}"]
        steps = [metric.step for metric in client.get_metric_history(run.info.run_id, "val_loss")]
        assert sorted(steps) == list(range(1, EPOCHS + 1))
        assert {"loss_curves.png", "history.csv"} <= {one.path for one in client.list_artifacts(run.info.run_id)}
        assert "model_uri" in run.data.tags


def stored_text(folder):
    """Return whatever lies in the files below a folder, databases included."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_server_that_refuses_is_told_without_its_password(finished, tmp_path, case):
    project = make_project(tmp_path / "project")
    share_generated_data(finished[0], project)
    uri = f"http://someone:{PASSWORD}@127.0.0.1:{free_port()}"
    done = project.run(MLFLOW_TRACKING_URI=uri)
    lines = told(done.stderr)
    case(
        "MLflow refuses at the start",
        "the run succeeds, told in a line of each step",
        f"{done.returncode}, {lines[:1]}",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert lines
    assert all("http://someone:***@127.0.0.1" in line and "materialize again" in line for line in lines)
    assert PASSWORD not in done.stdout + done.stderr
    assert PASSWORD.encode() not in stored_text(project.folder)


@pytest.mark.long
def test_a_server_that_is_killed_gets_all_that_is_missing_from_the_same_command(prepared, tmp_path, case):
    port = free_port()
    uri = f"http://127.0.0.1:{port}"
    project = project_on(tmp_path, uri, prepared)
    with mlflow_server(tmp_path, port) as server:
        process = project.start(*RUN)
        wait_until_printed(project, process, f"epoch 2/{EPOCHS}")
        os.killpg(server.pid, signal.SIGKILL)
        assert process.wait() == 0, printed(project)
    lines = told(printed(project))
    case(
        "MLflow is killed in training", "the run succeeds, told; all is logged later", f"{len(lines)} lines, {lines[0]}"
    )
    with mlflow_server(tmp_path, port):
        done = project.run()
        assert done.returncode == 0, done.stderr
        assert not told(done.stderr)
        require_complete(uri)


@pytest.mark.long
def test_a_server_that_hangs_is_given_up_within_the_bound(prepared, tmp_path, case):
    port = free_port()
    uri = f"http://127.0.0.1:{port}"
    project = project_on(tmp_path, uri, prepared)
    with mlflow_server(tmp_path, port) as server:
        process = project.start(*RUN)
        wait_until_printed(project, process, f"epoch 2/{EPOCHS}")
        os.killpg(server.pid, signal.SIGSTOP)
        status = process.wait()
        os.killpg(server.pid, signal.SIGCONT)
        text = printed(project)
        assert status == 0, text
        lines = told(text)
        case("MLflow hangs in training", "told within 60 s in a step, 10 s in later ones", "; ".join(lines))
        assert all("no answer within 60 s in all" in line or "no answer within 10 s" in line for line in lines)
        wait_for(lambda: answers(port))
        done = project.run()
        assert done.returncode == 0, done.stderr
        require_complete(uri)


@pytest.mark.long
def test_trials_told_without_mlflow_are_logged_by_the_next_materialization(fresh, tmp_path, case):
    experiment = tmp_path / "searching.yaml"
    experiment.write_text(SEARCH)
    command = ("dagster", "asset", "materialize", "--select")
    away = {"MLFLOW_TRACKING_URI": f"http://127.0.0.1:{free_port()}", "HBAC_EXPERIMENT": str(experiment)}
    first = fresh.command(*command, "*hyperparameter_search", **away)
    assert first.returncode == 0, first.stderr
    assert told(first.stderr)
    again = fresh.command(*command, "hyperparameter_search", HBAC_EXPERIMENT=str(experiment))
    assert again.returncode == 0, again.stderr
    client, runs = logged_runs(fresh.environment["MLFLOW_TRACKING_URI"], "searching-miniature")
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
