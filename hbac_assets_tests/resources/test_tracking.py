"""MLflow runs are found again, updated, superseded and marked as failed; on a real SQLite store."""

import json
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hbac_assets.execution.processes import identity
from hbac_assets.lineage import Cell, Dataset
from hbac_assets.resources import patience
from hbac_assets.resources.tracking import Tracking, flattened
from hbac_assets.resources.tracking_experiment import VIEW
from hbac_assets.resources.tracking_uri import masked

CELL = Cell("b2", 0)
QUERY = f"workflowType=machine_learning&viewStateShareKey={VIEW}"
HISTORY = pd.DataFrame(
    {
        "epoch": [1, 2, 3],
        "loss": [1.0, 0.8, 0.7],
        "val_loss": [1.1, 0.9, 0.85],
        "learning_rate": [1e-4, 1e-3, 1e-5],
        "images_per_second": [10.0, 20.0, 20.0],
    }
)


@pytest.fixture(scope="module")
def tracking(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mlflow")
    return Tracking(uri=f"sqlite:///{folder}/mlflow.db", artifact_folder=str(folder / "artifacts"))


def open_cell(tracking, experiment, fingerprint="f1", dagster_run="d1", data="data1"):
    runs = tracking.open(experiment, data, dagster_run, pytest.fail)
    parent = runs.member("b2", fingerprint, {"epochs": 3}, {"backbone": "efficientnetv2_b2"})
    return runs, runs.cell(CELL, parent.run_id, fingerprint, {"epochs": 3}, {"backbone": "efficientnetv2_b2"})


def stored(runs, tracked):
    return runs._client.get_run(tracked.run_id)


def superseded(runs, *tracked):
    return ["superseded" in stored(runs, one).data.tags for one in tracked]


def test_a_resumed_run_logs_each_epoch_once(tracking):
    runs, first = open_cell(tracking, "resumed")
    first.log_epochs(HISTORY.head(2))
    _, again = open_cell(tracking, "resumed", dagster_run="d2")
    again.log_epochs(HISTORY)
    again.finish()
    assert again.run_id == first.run_id
    losses = runs._client.get_metric_history(first.run_id, "val_loss")
    assert [(metric.step, metric.value) for metric in losses] == [(1, 1.1), (2, 0.9), (3, 0.85)]
    run = stored(runs, again)
    assert run.info.status == "FINISHED"
    assert run.data.tags["dagster_run_id"] == "d2"
    assert run.data.params == {"epochs": "3"}


def test_a_run_lasts_as_long_as_its_training(tracking):
    runs, tracked = open_cell(tracking, "duration")
    tracked.finish(90.5)
    info = stored(runs, tracked).info
    assert info.end_time - info.start_time == 90_500
    tracked.finish(30.0)  # after a retraining
    info = stored(runs, tracked).info
    assert info.end_time - info.start_time == 30_000


def test_a_data_set_is_an_input_once(tracking):
    runs, tracked = open_cell(tracking, "inputs")
    dataset = Dataset("kaggle", Path("/data"), "0123456789abcdef", "t")
    tracked.log_dataset(dataset, "training")
    tracked.log_dataset(dataset, "training")
    (found,) = stored(runs, tracked).inputs.dataset_inputs
    assert (found.dataset.name, found.dataset.digest) == ("kaggle-01234567", "0123456789abcdef")
    assert [(tag.key, tag.value) for tag in found.tags] == [("mlflow.data.context", "training")]


def test_an_experiment_of_an_earlier_version_gets_the_view_of_scores(tracking):
    runs, _ = open_cell(tracking, "viewed")
    runs._client.delete_experiment_tag(runs._experiment_id, f"mlflow.sharedViewState.{VIEW}")
    again, _ = open_cell(tracking, "viewed")
    tags = again._client.get_experiment(again._experiment_id).tags
    assert json.loads(tags[f"mlflow.sharedViewState.{VIEW}"])["orderByKey"] == "metrics.`oof_kl`"
    assert again.page.endswith(f"/#/experiments/{runs._experiment_id}/runs?{QUERY}")


def test_a_child_run_hangs_below_its_member(tracking):
    runs, tracked = open_cell(tracking, "nested")
    parent = runs.member("b2", "f1", {}, {})
    assert stored(runs, tracked).data.tags["mlflow.parentRunId"] == parent.run_id


def test_an_ensemble_has_one_run_that_is_updated_and_superseded(tracking):
    runs, cell = open_cell(tracking, "ensembles")
    first = runs.ensemble("final", "e1", {"method": "best"}, {"members": "b2", "method": "mean"})
    first.log_metrics({"oof_kl": 0.6})
    again = runs.ensemble("final", "e1", {"method": "best"}, {"members": "b2", "method": "weights"})
    again.log_metrics({"oof_kl": 0.5})
    again.finish()
    other = runs.ensemble("baseline", "e1", {}, {})
    assert again.run_id == first.run_id
    assert other.run_id not in {first.run_id, cell.run_id}
    run = stored(runs, again)
    assert run.info.run_name == "final"
    assert run.data.metrics == {"oof_kl": 0.5}
    assert run.data.tags["ensemble"] == "final"
    assert run.data.tags["method"] == "weights"
    assert "member" not in run.data.tags
    new = runs.ensemble("final", "e2", {}, {})
    assert new.run_id != first.run_id
    runs.supersede("ensemble", {"e2"}.__contains__)
    assert superseded(runs, first, other, new, cell) == [True, True, False, False]


def test_a_trial_hangs_below_its_search_and_is_found_again(tracking):
    runs = tracking.open("searched", "data1", "d1", pytest.fail)
    search = runs.search("b2", "s1", {"search.trials": 3}, {})
    first, second = (runs.trial("b2", number, search.run_id, "s1", {"epochs": 2}, {}) for number in (1, 2))
    again = tracking.open("searched", "data1", "d2", pytest.fail).trial("b2", 1, search.run_id, "s1", {"epochs": 2}, {})
    again.tag(outcome="pruned")
    assert again.run_id == first.run_id != second.run_id
    tags = stored(runs, first).data.tags
    assert (tags["outcome"], tags["mlflow.parentRunId"]) == ("pruned", search.run_id)
    assert "superseded" not in stored(runs, second).data.tags
    other = runs.trial("b2", 1, search.run_id, "s2", {"epochs": 2}, {})
    assert other.run_id != first.run_id


def test_what_is_superseded_follows_what_is_current_on_the_same_data(tracking):
    runs, one = open_cell(tracking, "superseded")
    _, elsewhere = open_cell(tracking, "superseded", fingerprint="f3", data="data2")
    _, other = open_cell(tracking, "superseded", fingerprint="f2")
    ensemble = runs.ensemble("final", "e1", {}, {})
    assert other.run_id != one.run_id
    for current, expected in (("f2", [True, False]), ("f1", [False, True]), ("f2", [True, False])):
        runs.supersede("member", {current}.__contains__)
        assert superseded(runs, one, other, elsewhere, ensemble) == [*expected, False, False]


def test_all_runs_are_seen_however_many(tracking, monkeypatch):
    runs, _ = open_cell(tracking, "many")
    few = partial(runs._client.search_runs, max_results=2)
    for number in range(4):
        open_cell(tracking, "many", fingerprint=f"f{number}")
    monkeypatch.setattr(runs._client, "search_runs", few)
    names = [run.data.tags["fingerprint"] for run in runs._search("tags.member = 'b2'")]
    assert sorted(names) == sorted(["f0", "f1", "f2", "f3"] * 2)


def test_runs_of_killed_processes_are_marked_as_failed(tracking):
    runs, dead = open_cell(tracking, "killed")
    _, living = open_cell(tracking, "killed", fingerprint="f2")
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        runs._client.set_tag(dead.run_id, "process", identity(process.pid))
    tracking.open("killed", "data1", "me", pytest.fail).fail_unfinished()
    assert stored(runs, dead).info.status == "FAILED"
    assert stored(runs, living).info.status == "RUNNING"


def test_a_model_is_logged_once_whatever_a_killed_process_has_begun(tracking):
    import keras

    runs, tracked = open_cell(tracking, "models")
    client, experiment = runs._client, runs._experiment_id
    begun = client.create_logged_model(experiment, name="model", source_run_id=tracked.run_id)
    model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)])
    for _ in range(2):
        tracked.log_model(model, "b2__fold_0")
    (logged,) = client.search_logged_models([experiment])
    assert logged.model_id != begun.model_id
    assert logged.model_uri == stored(runs, tracked).data.tags["model_uri"]


def refusing():
    """A URI where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://someone:secret@127.0.0.1:{free.getsockname()[1]}"


def test_a_tracking_store_that_cannot_be_had_is_told_once_and_stops_nothing(tmp_path):
    told = []
    runs = Tracking(uri=refusing(), artifact_folder=str(tmp_path)).open("e", "d", "r", told.append)
    tracked = runs.cell(CELL, "", "f", {"epochs": 3}, {})
    tracked.log_epochs(HISTORY)
    tracked.finish()
    assert runs.is_finished("f")
    assert tracked.run_id == ""
    assert len(told) == 1
    assert told[0].startswith("MLflow at http://someone:***@127.0.0.1:")
    assert "secret" not in told[0]
    assert "\n" not in told[0]


def test_a_tracking_store_that_never_answers_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(patience, "SECONDS", 1.0)
    told = []
    with socket.create_server(("127.0.0.1", 0)) as silent:
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}"
        runs = Tracking(uri=uri, artifact_folder=str(tmp_path)).open("e", "d", "r", told.append)
        runs.member("b2", "f", {}, {}).finish()
    (line,) = told
    assert line.startswith(f"MLflow at {uri}: no answer within 1 s in all; the run continues without it")


def test_a_defect_is_no_reason_to_give_up(tracking):
    runs, tracked = open_cell(tracking, "defects")
    with pytest.raises(AttributeError):
        tracked.log_table(None, "table.csv")
    tracked.finish()
    assert stored(runs, tracked).info.status == "FINISHED"


def test_pictures_and_tables_become_artifacts(tracking):
    runs, tracked = open_cell(tracking, "artifacts")
    tracked.log_picture(b"\x89PNG", "loss_curves.png", "Falling is good.")
    tracked.log_table(HISTORY, "history.csv")
    names = {artifact.path for artifact in runs._client.list_artifacts(tracked.run_id)}
    assert names == {"loss_curves.png", "history.csv"}


def test_the_sentences_of_pictures_stand_once_below_the_description(tracking):
    runs, tracked = open_cell(tracking, "sentences")
    for text, sentence in (("One.", "Falling is good."), ("Two.", "Rising is bad.")):
        tracked.log_picture(b"\x89PNG", "loss_curves.png", sentence)
        tracked.log_picture(b"\x89PNG", "weights.png", "Long is much.")
        tracked.describe(text)
    assert stored(runs, tracked).data.tags["mlflow.note.content"] == (
        "Two.\n\n- `loss_curves.png`: Rising is bad.\n- `weights.png`: Long is much."
    )


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("postgresql://me:pa/ss@word@host/db", "postgresql://me:***@host/db"),
        ("postgresql://host/db?user=me&password=word&a=b", "postgresql://host/db?user=me&password=***&a=b"),
        ("https://t0ken@host:5000/path", "https://***@host:5000/path"),
        ("postgresql://me@host/db", "postgresql://me@host/db"),
        ("sqlite:////a/folder/mlflow.db", "sqlite:////a/folder/mlflow.db"),
        ("http://127.0.0.1:5000/path", "http://127.0.0.1:5000/path"),
        ("postgresql+psycopg2://me:p%40ss@host:5432/db", "postgresql+psycopg2://me:***@host:5432/db"),
    ],
)
def test_no_password_is_shown(uri, shown):
    assert masked(uri) == shown
    assert masked(f"MLflow at {uri}: gone") == f"MLflow at {shown}: gone"


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("me:pa-ss@host/db", "me:***@host/db"),
        ("postgresql+psycopg2://me:p%40ss@host/db", 'user "me" with p@ss and p%40ss'),
        ("postgresql+psycopg2://host/db?password=p%40ss&a=b", "dsn host=host password=p@ss"),
    ],
)
def test_a_password_is_not_shown_however_a_driver_quotes_it(uri, said):
    shown = masked(said, uri)
    assert "p@ss" not in shown
    assert "p%40ss" not in shown
    assert "***" in shown
    assert "***" in masked(uri)
    assert "ss@" not in masked(uri)


def test_settings_become_flat_params():
    assert flattened({"a": 1, "b": {"c": {"d": [1, 2]}, "e": None}}) == {"a": 1, "b.c.d": [1, 2], "b.e": None}
    stages = {"stages": [{"epochs": 2}, {"epochs": 3, "schedule": {"peak": 0.1}}], "none": []}
    assert flattened(stages) == {"stages.1.epochs": 2, "stages.2.epochs": 3, "stages.2.schedule.peak": 0.1, "none": []}


def test_what_an_epoch_has_no_value_for_is_not_logged(tracking):
    runs, tracked = open_cell(tracking, "gains")
    tracked.log_epochs(HISTORY.assign(stage=[1, 1, 2], ema_gain=[np.nan, 0.25, np.nan]))
    logged = {
        name: [(one.step, one.value) for one in runs._client.get_metric_history(tracked.run_id, name)]
        for name in ("stage", "ema_gain")
    }
    assert logged == {"stage": [(1, 1), (2, 1), (3, 2)], "ema_gain": [(2, 0.25)]}
