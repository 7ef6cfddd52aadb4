"""A search in miniature that is killed after its first batch and resumed; its result trains as a member."""

import json
import os
import signal

import optuna
import pandas as pd
import pytest
from mlflow import MlflowClient

from hbac_assets_tests.projects import wait_until

SEARCH = """
description: a member, and a search that begins with it
folds: 2
members:
  small: {backbone: mobilenet_v3_small, batchnorm_momentum: 0.9}
search:
  member: small
  ranges: {peak: [1.0e-5, 1.0]}
"""
FOUND = """
description: what the search found
folds: 2
members:
  small_tuned: {from: FILE}
"""
ONE_BATCH = json.dumps({"ops": {"hyperparameter_search": {"config": {"batches": 1}}}})
ONE_FOLD = json.dumps({"ops": {"trained_models": {"config": {"folds": [0]}}}})


def materialize(project, selection, *more, **environment):
    done = project.command("dagster", "asset", "materialize", "--select", selection, *more, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def told(folder):
    """Return the trials that count, by their number."""
    storage = f"sqlite:///{folder / 'trials.db'}"
    (name,) = optuna.get_all_study_names(storage)
    trials = optuna.load_study(study_name=name, storage=storage).get_trials()
    states = (optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED)
    return {trial.number: trial for trial in trials if trial.state in states}


@pytest.mark.long
def test_a_killed_search_goes_on_and_its_result_trains_as_a_member(fresh, tmp_path):
    searching = tmp_path / "searching.yaml"
    searching.write_text(SEARCH)
    process = fresh.start(
        "dagster", "asset", "materialize", "--select", "*hyperparameter_search", HBAC_EXPERIMENT=str(searching)
    )
    wait_until(lambda: "batch 1 of 2 is done" in (fresh.folder / "started.log").read_text(), process)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    (folder,) = fresh.folder.glob("store/*/searching-miniature/search")
    before = told(folder)
    assert len(before) == 4

    materialize(fresh, "hyperparameter_search", "--config-json", ONE_BATCH, HBAC_EXPERIMENT=str(searching))
    after = told(folder)
    assert len(after) == 8
    assert {number: after[number] for number in before} == before
    assert any(trial.state == optuna.trial.TrialState.PRUNED for trial in after.values())
    assert not (folder / "trial").exists()

    client = MlflowClient(fresh.environment["MLFLOW_TRACKING_URI"])
    runs = client.search_runs([client.get_experiment_by_name("searching-miniature").experiment_id])
    assert {run.info.status for run in runs} == {"FINISHED"}
    trials = {run.data.tags["trial"]: run for run in runs}
    parent = trials.pop("all")
    assert set(trials) == {str(number) for number in range(1, 9)}
    assert len(runs) == 9
    for run, trial in zip((trials[str(number)] for number in range(1, 9)), after.values(), strict=True):
        assert run.data.tags["mlflow.parentRunId"] == parent.info.run_id
        assert run.data.tags["outcome"] == trial.user_attrs["outcome"]
        assert float(run.data.params["schedule.peak"]) == trial.params["peak"]
        logged = {one.step: one.value for one in client.get_metric_history(run.info.run_id, "val_loss")}
        assert logged == pytest.approx(trial.intermediate_values)
    names = {artifact.path for artifact in client.list_artifacts(parent.info.run_id)}
    assert names == {"history.png", "importances.png", "trials.csv"}

    again = materialize(fresh, "hyperparameter_search", HBAC_EXPERIMENT=str(searching))
    assert "8 of 8 trials are done, kept" in again
    assert f"`small_tuned: {{from: {folder / 'small_tuned.yaml'}}}`" in again

    tuned = tmp_path / "tuned.yaml"
    tuned.write_text(FOUND.replace("FILE", str(folder / "small_tuned.yaml")))
    select = "fold_assignments,trained_models"
    materialize(fresh, select, "--config-json", ONE_FOLD, HBAC_EXPERIMENT=str(tuned))
    grid = pd.read_parquet(next(fresh.folder.glob("store/*/tuned-miniature/models.parquet")))
    assert grid["val_loss"].notna().tolist() == [True, False]
    runs = client.search_runs([client.get_experiment_by_name("tuned-miniature").experiment_id])
    best = min((trial for trial in after.values() if trial.user_attrs["outcome"] == "complete"), key=lambda t: t.value)
    assert {float(run.data.params["schedule.peak"]) for run in runs} == {best.params["peak"]}
    assert {run.data.params["epochs"] for run in runs} == {"2"}
