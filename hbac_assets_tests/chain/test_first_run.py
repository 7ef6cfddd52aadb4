"""The state of a project after the first run of the chain, and after the second."""

import json
import re

import pandas as pd
import pytest
from dagster import AssetKey, DagsterInstance
from mlflow import MlflowClient

from hbac_assets.competition.metadata import SHARE_COLUMNS
from hbac_assets.competition.tables import read_test_tables
from hbac_assets.labels import AGREEMENTS, CLASSES, PROBABILITY_COLUMNS
from hbac_assets.learning.prediction import load_model
from hbac_assets.scoring.blending import METHODS
from hbac_assets.scoring.metric import kl_divergence
from hbac_assets.scoring.slices import SLICES
from hbac_assets.scoring.submission import violations
from hbac_assets_tests.projects import HBAC, LOG
from hbac_assets_tests.terminals import passed, run_in_terminal, seen

MEMBERS = {
    "mobilenet_v3_small": {"total": 942_582, "trainable": 930_470, "non_trainable": 12_112},
    "bipolar_resnet": {"total": 307_718, "trainable": 305_638, "non_trainable": 2_080},
}
CELLS = {(member, fold) for member in MEMBERS for fold in (0, 1)}
PNG = "](data:image/png;base64,"


def printed_scores(text):
    return {name.strip(): float(score) for name, score in re.findall(r"^  (\S.*?)\s{2,}(\d\.\d{4})", text, re.M)}


def test_the_scores_are_printed_with_their_references(finished):
    project, text = finished
    scores = printed_scores(text)
    assert set(scores) == {*MEMBERS, "ensemble", "class prior", "band powers, logistic regression", "floor of votes"}
    assert scores["floor of votes"] < min(scores[name] for name in [*MEMBERS, "ensemble", "class prior"])
    assert re.search(r"^  floor of votes +\d\.\d{4} \(truth \d\.\d{4}\) +100\.0%$", text, re.M)
    assert "private test votes" in text
    assert f"submission: {project.results / 'submission.csv'}" in text
    assert f"report:     {project.results / 'report.html'}" in text
    assert re.search(r"^source: +ensemble, blended by (mean|mean_logits|weights|stacking_\w+)$", text, re.M)
    assert "make ui" in text


def test_the_way_to_the_floor_is_that_of_the_store(finished):
    project, text = finished
    found = json.loads((project.results / "ensemble.manifest.json").read_text())["facts"]["evaluation"]
    assert len(found["models"]) == 3
    for one in found["models"]:
        way = re.escape(f"{one['closed']:.1%}")
        assert re.search(rf"^  {one['model']} .* {way}$", text, re.MULTILINE)


def test_the_report_fits_a_screen(finished):
    project, text = finished
    lines = [line.replace(str(project.folder), "") for line in text.splitlines()]
    assert len(lines) <= 24
    assert max(len(line) for line in lines if "http" not in line) <= 80


def test_the_log_is_short_and_shows_the_progress(finished):
    project, _ = finished
    opening, lines = (project.folder / LOG).read_text().split("\n\n")
    assert re.fullmatch(
        "experiment  quickstart-miniature: 2 members × 2 folds, 4 models\n"
        "data        synthetic, 48 recordings; HBAC_DATA_DIR names a download of your own\n"
        "device      .*; (one model|\\d+ models) at a time\n"
        "time        not known until the first models train\n"
        f"results     {project.folder}/store",
        opening,
    )
    steps = [line for line in lines.splitlines() if re.match(r"[\d:]{8}  \d+/10  \w+  ", line)]
    silent = [line for line in lines.splitlines() if line not in steps]
    assert all(re.match(r"[\d:]{8}  (starting|\d+/10  )", line) for line in silent), silent  # none of libraries
    checked = [line for line in steps if "check not passed" in line]  # later than what they check
    positions = [int(line.split()[1].partition("/")[0]) for line in steps if line not in checked]
    assert positions == sorted(positions)
    assert set(positions) >= {1, 5, 6, 7, 8, 9}  # the report is made beside the submission
    assert len(steps) < 30
    assert not [line for line in steps if "epoch " in line or "compil" in line]
    trained = re.findall(r"(\w+) fold (\d): trained in \d+ s, validation loss \d\.\d{4} \((\d) of 4 models", lines)
    assert {(member, int(fold)) for member, fold, _ in trained} == CELLS
    assert [number for *_, number in trained] == list("1234")


def test_out_of_fold_rows_are_complete_and_scored_by_the_metric(finished):
    project, text = finished
    oof = pd.read_parquet(project.results / "oof.parquet")
    folds = pd.read_parquet(project.results / "folds.parquet")
    assert len(oof) == len(folds) * len(MEMBERS)
    assert not oof.duplicated(["label_id", "member"]).any()
    assert oof.groupby("patient_id")["fold"].nunique().max() == 1
    assert set(oof["agreement"]) <= set(AGREEMENTS)
    assert oof[list(PROBABILITY_COLUMNS)].sum(axis=1).sub(1).abs().max() < 1e-5
    for member, rows in oof.groupby("member"):
        score = kl_divergence(rows[list(SHARE_COLUMNS)].to_numpy(), rows[list(PROBABILITY_COLUMNS)].to_numpy()).mean()
        assert printed_scores(text)[member] == pytest.approx(score, abs=1e-4)


def test_the_submission_is_what_kaggle_accepts(finished):
    project, _ = finished
    (raw,) = (project.folder / "synthetic").iterdir()
    assert violations(pd.read_csv(project.results / "submission.csv"), read_test_tables(raw).sample) == []


def test_every_cell_is_a_partition_with_its_figures(finished):
    project, _ = finished
    with DagsterInstance.from_config(project.environment["DAGSTER_HOME"]) as instance:
        records = instance.fetch_materializations(AssetKey("fold_models"), limit=20).records
    seen = set()
    for record in records:
        experiment, member, fold = record.asset_materialization.partition.split()
        assert experiment == "quickstart-miniature:"
        metadata = record.asset_materialization.metadata
        assert {name: metadata[f"parameters, {name}"].value for name in MEMBERS[member]} == {
            name: f"{count:,}" for name, count in MEMBERS[member].items()
        }
        assert PNG in metadata["loss curves"].value
        assert re.fullmatch(r"http://127.0.0.1:5000/#/experiments/\d+/runs/[0-9a-f]{32}", metadata["MLflow run"].value)
        seen.add((member, int(fold)))
    assert seen == CELLS


def test_every_training_is_in_mlflow_below_its_member(finished):
    project, _ = finished
    client = MlflowClient(project.environment["MLFLOW_TRACKING_URI"])
    experiment = client.get_experiment_by_name("quickstart-miniature")
    runs = client.search_runs([experiment.experiment_id])
    assert {run.info.status for run in runs} == {"FINISHED"}
    runs = [run for run in runs if "member" in run.data.tags]
    parents = {run.data.tags["member"]: run for run in runs if run.data.tags["fold"] == "all"}
    children = [run for run in runs if run.data.tags["fold"] != "all"]
    assert set(parents) == set(MEMBERS)
    assert {(run.data.tags["member"], int(run.data.tags["fold"])) for run in children} == CELLS
    for parent in parents.values():
        assert {"val_loss_mean", "val_loss_std", "oof_kl"} <= set(parent.data.metrics)
    for run in children:
        member = run.data.tags["member"]
        assert run.data.tags["mlflow.parentRunId"] == parents[member].info.run_id
        assert {"backbone", "dagster_run_id", "data_fingerprint", "git_commit"} <= set(run.data.tags)
        counts = {name: int(run.data.params[f"parameters.{name}"]) for name in MEMBERS[member]}
        assert counts == MEMBERS[member]
        epochs = int(run.data.params["epochs"])
        for metric in ("loss", "val_loss", "learning_rate", "images_per_second"):
            steps = [one.step for one in client.get_metric_history(run.info.run_id, metric)]
            assert steps == list(range(1, epochs + 1))
        names = {artifact.path for artifact in client.list_artifacts(run.info.run_id)}
        assert {"history.csv", "loss_curves.png"} <= names
        assert run.data.metrics["system/process_memory_usage_megabytes"] > 100


def test_the_ensemble_is_in_mlflow_beside_its_members(finished):
    project, text = finished
    client = MlflowClient(project.environment["MLFLOW_TRACKING_URI"])
    experiment = client.get_experiment_by_name("quickstart-miniature")
    (run,) = client.search_runs([experiment.experiment_id], "tags.ensemble = 'ensemble'")
    assert run.data.tags["members"] == ", ".join(MEMBERS)
    of_classes = {f"{area}_{name.lower()}" for area in ("auroc", "auprc") for name in CLASSES}
    others = {"oof_kl", "oof_kl_low", "oof_kl_high", "prior_to_floor", "worth_experts"}
    methods = {f"nested_kl_{method}" for method in [*METHODS, "best"]}
    assert methods | others - {"worth_experts"} <= set(run.data.metrics) <= methods | others | of_classes
    nested = {name.removeprefix("nested_kl_"): run.data.metrics[name] for name in methods}
    assert run.data.metrics["oof_kl"] == pytest.approx(nested.pop("best"), rel=1e-12)  # summed in another order
    assert min(nested.values()) == nested[run.data.tags["method"]]
    assert printed_scores(text)["ensemble"] == pytest.approx(run.data.metrics["oof_kl"], abs=1e-4)
    assert {"methods.csv", "methods.png", "evaluation.json", "report.html"} <= {
        one.path for one in client.list_artifacts(run.info.run_id)
    }


def test_scores_by_agreement_and_all_blending_methods_are_shown(finished):
    project, _ = finished
    with DagsterInstance.from_config(project.environment["DAGSTER_HOME"]) as instance:
        events = {
            name: instance.get_latest_materialization_event(AssetKey(name)) for name in ("oof_predictions", "ensemble")
        }
    shown = {name: event.asset_materialization.metadata for name, event in events.items()}
    for metadata in shown.values():
        slices = [record.data for record in metadata["scores by slice"].records]
        assert {one["slice"] for one in slices if one["by"] == "agreement"} <= set(AGREEMENTS)
        assert {one["slice"] for one in slices if one["by"] == "votes"} <= set(SLICES)
        assert {one["by"] for one in slices} == {"votes", "agreement", "class", "patient size"}
        assert PNG in metadata["scores by agreement, drawn"].value
    assert re.fullmatch("ensemble, blended by [a-z_]+", shown["ensemble"]["submitted"].value)
    methods = [record.data for record in shown["ensemble"]["methods"].records]
    assert [row["method"] for row in methods] == [*METHODS, "best"]
    assert [row["mean"] for row in methods if row["chosen"]] == [min(row["mean"] for row in methods[:-1])]
    assert all(row["low"] <= row["mean"] <= row["high"] for row in methods)


def test_the_logged_model_is_the_one_that_was_trained(finished):
    import mlflow
    import numpy as np

    project, _ = finished
    mlflow.set_tracking_uri(project.environment["MLFLOW_TRACKING_URI"])
    client = MlflowClient()
    experiment = client.get_experiment_by_name("quickstart-miniature")
    (run,) = client.search_runs([experiment.experiment_id], "tags.member = 'mobilenet_v3_small' and tags.fold = '1'")
    logged = mlflow.keras.load_model(run.data.tags["model_uri"])
    ours = load_model(project.results / "models" / "mobilenet_v3_small" / "fold_1" / "last.keras")
    for one, other in zip(logged.get_weights(), ours.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_second_run_makes_nothing_again_and_has_one_moving_line(finished):
    project, first = finished
    before = {path: path.stat().st_mtime_ns for path in project.results.rglob("*") if path.suffix in {".keras", ".csv"}}
    status, written = run_in_terminal((*HBAC, "run"), project.environment)
    lines = seen(written)
    assert status == 0, written
    assert "time        all 4 models are trained already, and only checked" in lines
    assert "0 of 4 cells to train" in written
    assert printed_scores("\n".join(lines)) == printed_scores(first)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    moved = list(dict.fromkeys(filter(re.compile(r"\d\d:\d\d  ").match, passed(written))))
    assert len(moved) > 5
    assert max(map(len, moved)) < 80
    assert any(re.search("[a-z]_[a-z]", line) for line in moved)  # an asset
    assert not set(moved) & set(lines)  # it leaves nothing behind
