"""The metadata in Dagster and MLflow of the first run of the chain, from the run's records."""

import json
import re

import mlflow
import pytest
from dagster import AssetKey, DagsterInstance, RunsFilter
from mlflow import MlflowClient

from hbac_assets.labels import CLASSES
from hbac_assets.resources.tracking_experiment import VIEW

MEMBERS = ("mobilenet_v3_small", "bipolar_resnet")
PNG = "](data:image/png;base64,"
WIDEST = 460
"""Width of a table in CSS pixels on a screen of 1500, by eye; a letter takes 8.4, a column 16 more."""
TABLES = {
    "competition_data": "columns",
    "train_metadata": "dagster/column_schema",
    "npy_spectrograms": "dagster/column_schema",
    "eeg_spectrograms": "dagster/column_schema",
    "fold_assignments": "columns",
    "oof_predictions": "columns",
    "ensemble": "columns",
    "submission": "dagster/column_schema",
}


@pytest.fixture
def instance(finished):
    with DagsterInstance.from_config(finished[0].environment["DAGSTER_HOME"]) as instance:
        yield instance


@pytest.fixture
def shown(instance):
    return lambda name: instance.get_latest_materialization_event(AssetKey(name)).asset_materialization.metadata


@pytest.fixture
def client(finished):
    return MlflowClient(finished[0].environment["MLFLOW_TRACKING_URI"])


@pytest.fixture
def experiment(client):
    return client.get_experiment_by_name("quickstart-miniature")


def test_runs_of_a_command_are_placed_and_tagged(finished, instance):
    (folder,) = finished[0].folder.glob("store/synthetic-*")
    (run, *_) = instance.get_runs(RunsFilter(job_name="whole_chain"))
    assert run.remote_job_origin.job_name == "whole_chain"
    assert run.remote_job_origin.repository_origin.get_label() == "__repository__@hbac_assets"
    assert run.tags[".dagster/repository"] == "__repository__@hbac_assets"
    assert run.tags["experiment"] == "quickstart-miniature"
    assert run.tags["data"] == folder.name
    assert re.fullmatch("[0-9a-f]{12}|unknown", run.tags["commit"])
    found = instance.get_runs(RunsFilter(tags={".dagster/repository": "__repository__@hbac_assets"}))
    assert run.run_id in {one.run_id for one in found}


@pytest.mark.parametrize("asset", TABLES)
def test_every_column_of_every_table_is_described(asset, shown):
    metadata = shown(asset)
    columns = metadata[TABLES[asset]].schema.columns
    assert len(columns) > 3
    assert [one.name for one in columns if not one.description] == []
    assert metadata["dagster/row_count"].value > 0


@pytest.mark.parametrize(("asset", "models"), [("oof_predictions", 4), ("ensemble", 5)])
def test_the_leaderboard_comes_first_and_fits(asset, models, shown):
    metadata = shown(asset)
    first = [name for name in metadata if name != "submitted"][:2]
    assert first[0] == "leaderboard"
    assert first[1].startswith("behind ")
    for name in first:
        rows = [one.data for one in metadata[name].records]
        assert len(rows) >= models - 3
        widths = [max(len(str(value)) for value in (key, *(row[key] for row in rows))) for key in rows[0]]
        assert sum(8.4 * width + 16 for width in widths) <= WIDEST + 60, rows  # intervals of miniatures are long
    scores = [one.data["KL"] for one in metadata["leaderboard"].records]
    assert len(scores) == models
    assert scores == sorted(scores, key=float)
    assert all(re.fullmatch(r"\d+\.\d{4}", score) for score in scores)


@pytest.mark.parametrize(
    ("asset", "pictures"),
    [
        ("competition_data", {"typical EEG of each class": len(CLASSES)}),
        ("fold_assignments", {"votes before and after sampling": 1, "classes by fold": 1}),
        (
            "trained_models",
            {f"{what}": 1 for member in MEMBERS for what in (f"all folds, {member}", f"what {member} sees")},
        ),
        (
            "ensemble",
            {f"{what}, ensemble": 1 for what in ("confusion", "reliability", "KL by class")}
            | {"worst rows, ensemble, with their EEG": 3},
        ),
    ],
)
def test_pictures_are_shown_with_a_sentence_each(asset, pictures, shown):
    metadata = shown(asset)
    for name, count in pictures.items():
        text = metadata[name].value
        assert 1 <= text.count(PNG) <= count, name
        assert all(len(part.split("![")[0].strip()) > 20 for part in text.split(")\n\n")), name


def test_the_worst_rows_are_listed(shown):
    rows = [one.data for one in shown("ensemble")["worst rows, ensemble"].records]
    assert len(rows) == 10
    assert [row["kl"] for row in rows] == sorted((row["kl"] for row in rows), reverse=True)
    assert all(re.fullmatch(r"\w+ \d+%", row[key]) for row in rows for key in ("experts", "prediction"))


def test_mlflow_opens_on_the_scores_best_first(experiment):
    state = json.loads(experiment.tags[f"mlflow.sharedViewState.{VIEW}"])
    assert (state["orderByKey"], state["orderByAsc"]) == ("metrics.`oof_kl`", True)
    assert "metrics.`oof_kl`" in state["selectedColumns"]


def test_the_run_prints_where_the_scores_are(finished, experiment):
    address = f"http://127.0.0.1:5000/#/experiments/{experiment.experiment_id}/runs?workflowType=machine_learning"
    assert f"{address}&viewStateShareKey={VIEW}" in finished[1]


def test_a_member_shows_its_folds_together(client, experiment):
    for member in MEMBERS:
        named = f"tags.member = '{member}' and tags.fold"
        (parent,) = client.search_runs([experiment.experiment_id], f"{named} = 'all'")
        folds = client.search_runs([experiment.experiment_id], f"{named} != 'all'")
        losses = [run.data.metrics["scored_val_loss"] for run in folds]
        mean = sum(losses) / 2
        assert parent.data.metrics["val_loss_mean"] == pytest.approx(mean)
        assert parent.data.metrics["val_loss_std"] == pytest.approx(abs(losses[0] - losses[1]) / 2**0.5)  # by n - 1
        assert f"{mean:.4f} ± " in parent.data.tags["mlflow.note.content"]
        curve = {one.step: one.value for one in client.get_metric_history(parent.info.run_id, "val_loss")}
        histories = [client.get_metric_history(run.info.run_id, "val_loss") for run in folds]
        for step, value in curve.items():
            assert value == pytest.approx(sum(one.value for each in histories for one in each if one.step == step) / 2)
        names = {one.path for one in client.list_artifacts(parent.info.run_id)}
        assert {"loss_curves.png", "folds.csv", "parameters.csv", "confusion.png", "reliability.png"} <= names
        durations = [run.info.end_time - run.info.start_time for run in folds]
        assert parent.info.end_time - parent.info.start_time == pytest.approx(sum(durations), abs=3)


def test_every_picture_in_mlflow_has_its_sentence(client, experiment):
    for run in client.search_runs([experiment.experiment_id]):
        pictures = {one.path for one in client.list_artifacts(run.info.run_id) if one.path.endswith(".png")}
        told = re.findall(r"^- `(.+)`: (.+)$", run.data.tags["mlflow.note.content"], re.MULTILINE)
        assert pictures
        assert {name for name, sentence in told if len(sentence) > 20} == pictures


def test_every_run_has_its_data_set_as_an_input(finished, client, experiment):
    (folder,) = finished[0].folder.glob("store/synthetic-*")
    runs = client.search_runs([experiment.experiment_id])
    for run in runs:
        inputs = run.inputs.dataset_inputs
        assert [one.dataset.name for one in inputs] == [folder.name]
        assert folder.name.endswith(inputs[0].dataset.digest[:8])


def test_a_search_for_models_by_kl_finds_the_best(finished, client, experiment):
    mlflow.set_tracking_uri(finished[0].environment["MLFLOW_TRACKING_URI"])
    best, *others = mlflow.search_logged_models(
        [experiment.experiment_id],
        order_by=[{"field_name": "metrics.fold_kl", "ascending": True}],
        output_format="list",
    )
    scores = [next(one.value for one in model.metrics if one.key == "fold_kl") for model in (best, *others)]
    assert len(scores) == 4
    assert scores == sorted(scores)


def test_a_training_logs_its_resource_usage(client, experiment):
    for run in client.search_runs([experiment.experiment_id], "tags.fold != 'all'"):
        if "member" in run.data.tags:
            assert run.data.metrics["system/process_memory_usage_megabytes"] > 100
            assert 0 < run.data.metrics["system/system_memory_usage_percentage"] <= 100
