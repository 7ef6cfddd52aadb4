"""A finished project under a later version, or with other settings: the recomputed artifacts, and the metadata."""

import json
import logging
import shutil
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from dagster import DagsterInstance, Failure, load_assets_from_modules, materialize
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest
from mlflow import MlflowClient

from hbac_assets import defs
from hbac_assets.assets.prediction import member_images, predict_cell, predict_cell_variants
from hbac_assets.definitions import STAGES
from hbac_assets.experiments.schema import Experiment
from hbac_assets.inference import export
from hbac_assets.learning.settings import MemberSettings, Variants
from hbac_assets.lineage import Cell
from hbac_assets.resources.environment import resources_from_environment
from hbac_assets.resources.experiment import ExperimentChoice
from hbac_assets.resources.tracking import Tracking
from hbac_assets.resources.views import Workspace
from hbac_assets.results.test_time import kept_gains
from hbac_assets.store.tables import read_table


class Later(MemberSettings):
    """A member as a later version may describe it."""

    views: int = 1


class LaterChoice(ExperimentChoice):
    """The experiment as that version reads it."""

    def load(self) -> Experiment:
        experiment = super().load()
        members = {name: Later(**member.model_dump()) for name, member in experiment.members.items()}
        return experiment.model_copy(update={"members": members})


class ChangedChoice(ExperimentChoice):
    """The experiment with other settings of its members."""

    changes: dict[str, dict[str, Any]]

    def load(self) -> Experiment:
        experiment = super().load()
        members = {
            name: MemberSettings.model_validate(member.model_dump() | self.changes.get(name, {}))
            for name, member in experiment.members.items()
        }
        return experiment.model_copy(update={"members": members})


@pytest.fixture
def tracking(tmp_path):
    return Tracking(uri=f"sqlite:///{tmp_path}/mlflow.db", artifact_folder=str(tmp_path / "mlartifacts"))


@pytest.fixture
def instance():
    with DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def everything(resources, lineage, tracking, instance):
    """Materialize on a copy of the finished store, with some resources replaced."""

    def run(selection="*submission", **instead):
        every = resources_from_environment({"HBAC_DEVICE": "cpu"}) | resources | {"tracking": tracking} | instead
        assets = load_assets_from_modules(STAGES)
        assert materialize(assets, instance=instance, resources=every, selection=selection).success
        return Workspace(every["competition"], every["store"], every["experiment"]).lineage()

    return run


def files(lineage):
    """Return the manifest of each result, and when it was written."""
    folder = lineage.dataset_folder
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in folder.rglob("*.manifest.json")}


def stale(instance):
    """Return the assets that Dagster shows as out of date."""
    graph = defs.resolve_asset_graph()
    resolver = CachingStaleStatusResolver(instance, graph, LoadingContextForTest(instance))
    statuses = {key.to_user_string(): resolver.get_status(key) for key in graph.executable_asset_keys}
    return {name for name, status in statuses.items() if status != StaleStatus.FRESH}


@pytest.mark.long
def test_a_later_version_with_another_setting_makes_nothing_again(everything, lineage):
    before = files(lineage)
    later = everything(experiment=LaterChoice(miniature=True))
    assert isinstance(later.experiment.members["mobilenet_v3_small"], Later)
    assert files(lineage) == before


@pytest.mark.long
def test_without_the_extra_a_run_of_everything_goes_on_and_the_bundle_alone_fails(everything, lineage, monkeypatch):
    before = files(lineage)
    monkeypatch.setitem(export.EXPORTING, "onnx", ("a_package_that_is_not_there",))
    everything("*")
    assert files(lineage) == before
    with pytest.raises(Failure, match=r"found no a_package_that_is_not_there; install hbac-assets\[bundle\]"):
        everything("inference_bundle")


@pytest.mark.long
def test_a_cell_of_an_earlier_version_is_trained_again_and_the_log_says_so(everything, lineage, capfd):
    cell = lineage.cell(Cell("mobilenet_v3_small", 1))
    before, sealed = files(lineage), json.loads(cell.manifest_path.read_text())
    sealed |= {"inputs": "as it counted them", "facts": sealed["facts"] | {"val_loss": 1.0, "scored_epoch": 2}}
    cell.manifest_path.write_text(json.dumps(sealed))
    everything("trained_models")
    log = capfd.readouterr().err
    assert "cells of an earlier version, retrained once: 1" in log
    assert "1 of 4 cells to train" in log
    assert {name for name, time in files(lineage).items() if time != before[name]} == {
        str(cell.manifest_path.relative_to(lineage.dataset_folder))
    }
    assert cell.facts().keys().isdisjoint({"val_loss", "scored_epoch"})


@pytest.mark.long
def test_another_scored_epoch_predicts_anew_and_shows_its_figures(everything, lineage, tracking, instance):
    everything()
    for cell in lineage.cells:  # as if the first epoch had been the best one
        artifact, other_fold = lineage.cell(cell), lineage.cell(Cell(cell.member, 1 - cell.fold))
        shutil.copy(other_fold.path / "last.keras", artifact.path / "best.keras")
        history = pd.read_csv(artifact.path / "history.csv")
        history.loc[history.index[0], "val_loss"] = 0.125
        history.to_csv(artifact.path / "history.csv", index=False)
        artifact.seal(**artifact.facts())
    everything()
    assert stale(instance) == set()
    changes = {member: {"scored_epoch": "best"} for member in lineage.experiment.members}
    before, best = files(lineage), ChangedChoice(miniature=True, changes=changes)
    everything("oof_predictions", experiment=best)
    assert stale(instance) == {"ensemble"}
    everything("ensemble", experiment=best)
    assert stale(instance) == {"submission"}
    other = everything(experiment=best)
    assert stale(instance) == set()
    remade = {name for name, time in files(lineage).items() if time != before[name]}
    assert remade == {
        f"{other.experiment.name}/{name}.manifest.json" for name in ("oof.parquet", "ensemble", "submission.csv")
    }
    assert not lineage.oof.is_current()

    grid = pd.read_parquet(other.grid_table)
    assert set(zip(grid["scored_epoch"], grid["val_loss"], strict=True)) == {(1, 0.125)}
    client = MlflowClient(tracking.uri)
    runs = client.search_runs([client.get_experiment_by_name(other.experiment.name).experiment_id])
    now = [run for run in runs if "member" in run.data.tags and "superseded" not in run.data.tags]
    assert {run.info.status for run in now} == {"FINISHED"}
    assert {run.data.params["scored_epoch"] for run in now} == {"best"}
    cells = [run for run in now if run.data.tags["fold"] != "all"]
    assert len(cells) == len(lineage.cells)
    assert {run.data.metrics["scored_val_loss"] for run in cells} == {0.125}
    assert {run.data.metrics["val_loss_mean"] for run in now if run not in cells} == {0.125}


@pytest.mark.long
def test_variants_at_test_time_train_nothing_and_show_what_they_gain(everything, lineage, tracking):
    waveforms, other_member = "bipolar_resnet", "mobilenet_v3_small"
    plain, before = read_table(lineage.oof).groupby("member")["kl"], files(lineage)
    submitted = pd.read_csv(lineage.submission.require())
    varied = ChangedChoice(miniature=True, changes={waveforms: {"test_time": {"flip": True, "shifts": [-4.0, 4.0]}}})
    other = everything(experiment=varied)
    remade = {name for name, time in files(lineage).items() if time != before[name]}
    assert remade == {
        f"{other.experiment.name}/{name}.manifest.json" for name in ("oof.parquet", "ensemble", "submission.csv")
    }
    assert not pd.read_csv(other.submission.require()).equals(submitted)

    now = read_table(other.oof).groupby("member")["kl"]
    assert now.get_group(other_member).tolist() == plain.get_group(other_member).tolist()
    assert set(kept_gains(lineage.oof)) == {other_member}
    gain = kept_gains(other.oof)[waveforms]
    assert gain.before == pytest.approx(plain.mean()[waveforms], abs=1e-6)
    assert gain.after == pytest.approx(now.mean()[waveforms], abs=1e-12)
    assert gain.gain == pytest.approx(gain.before - gain.after)
    assert gain.gain != 0
    client = MlflowClient(tracking.uri)
    runs = client.search_runs([client.get_experiment_by_name(other.experiment.name).experiment_id])
    logged = {run.data.tags["member"]: run.data.metrics for run in runs if run.data.tags.get("fold") == "all"}
    assert logged[waveforms]["test_time_gain"] == pytest.approx(gain.gain)
    assert logged[waveforms]["test_time_gain_low"] == pytest.approx(gain.low)
    assert logged[waveforms]["oof_kl_without_test_time"] == pytest.approx(gain.before)
    assert logged[waveforms]["oof_kl"] == pytest.approx(gain.after)


def test_a_cells_prediction_is_the_mean_over_the_variants_of_each_row(lineage):
    cell, log = Cell("bipolar_resnet", 0), logging.getLogger(__name__)
    rows = read_table(lineage.folds).query("fold == @cell.fold")[:5].reset_index(drop=True)

    def with_variants(variants):
        settings = lineage.experiment.members[cell.member].model_copy(update={"test_time": variants})
        members = lineage.experiment.members | {cell.member: settings}
        return replace(lineage, experiment=lineage.experiment.model_copy(update={"members": members}))

    varied_lineage = with_variants(Variants(shifts=(-4.0, 4.0)))
    images = member_images(lineage, cell.member, rows, log)
    of_each = predict_cell_variants(varied_lineage, cell, images, log)
    assert of_each.shape == (5, 3, 6)
    np.testing.assert_array_equal(of_each[:, 0], predict_cell(with_variants(None), cell, images, log))
    mean = predict_cell(varied_lineage, cell, images, log)
    np.testing.assert_allclose(mean, of_each.mean(axis=1), atol=1e-6)
    assert (np.abs(of_each[:, 1:] - of_each[:, :1]).max(axis=(0, 2)) > 0).all()
    alone = predict_cell(varied_lineage, cell, images.subset(np.array([3])), log)
    np.testing.assert_allclose(alone[0], mean[3], atol=1e-6)
