"""A member that trains in stages, through the assets: its metadata in Dagster and MLflow; folds are unchanged."""

import pandas as pd
import pytest
import yaml
from dagster import AssetKey, DagsterInstance, load_assets_from_modules, materialize
from mlflow import MlflowClient

from hbac_assets.definitions import STAGES
from hbac_assets.learning.published_backbones import BACKBONES
from hbac_assets.lineage import Cell
from hbac_assets.resources.environment import resources_from_environment
from hbac_assets.resources.experiment import ExperimentChoice
from hbac_assets.resources.tracking import Tracking
from hbac_assets.resources.views import Workspace
from hbac_assets_tests.learning.conftest import TINY

PLAIN = {
    "description": "a member that sees all rows in each epoch",
    "sampling": "one_per_eeg_and_votes",
    "folds": 2,
    "max_rows": 80,
    "members": {
        "tiny": {
            "backbone": "tiny",
            "preprocessing": {"image_size": [32, 32]},
            "batch_size": 8,
            "epochs": 2,
            "ema_decay": 0.9,
        }
    },
}
STAGED = [
    {"draw": "one_per_eeg"},
    {"epochs": 3, "min_votes": 10, "sample_weight": "log_votes", "schedule": {"peak": 1.0e-4, "warmup_epochs": 0}},
]


@pytest.fixture
def tracking(tmp_path):
    return Tracking(uri=f"sqlite:///{tmp_path}/mlflow.db", artifact_folder=str(tmp_path / "mlartifacts"))


@pytest.fixture
def made(resources, tracking, tmp_path, monkeypatch):
    """Materialize assets of an experiment whose member has these settings; return its artifacts and the instance."""
    monkeypatch.setitem(BACKBONES, "tiny", TINY)

    def run(name, *selection, **settings):
        path = tmp_path / f"{name}.yaml"
        path.write_text(yaml.safe_dump({**PLAIN, "members": {"tiny": {**PLAIN["members"]["tiny"], **settings}}}))
        choice = {"experiment": ExperimentChoice(name=str(path), miniature=False), "tracking": tracking}
        every = resources_from_environment({"HBAC_DEVICE": "cpu"}) | resources | choice
        assets = load_assets_from_modules(STAGES)
        assert materialize(assets, instance=instance, resources=every, selection=selection).success
        return Workspace(every["competition"], every["store"], every["experiment"]).lineage()

    with DagsterInstance.ephemeral() as instance:
        yield run, instance


def test_stages_are_shown_epoch_by_epoch_and_leave_the_folds_as_they_are(made, tracking, capfd):
    run, instance = made
    plain = run("plain", "fold_assignments")
    lineage = run("staged", "fold_assignments", "trained_models", stages=STAGED)
    folds = pd.read_parquet(lineage.folds.path)
    pd.testing.assert_frame_equal(folds, pd.read_parquet(plain.folds.path))
    assert folds["eeg_id"].duplicated().any()
    assert (folds["vote_count"] < 10).any()

    log = capfd.readouterr().err
    assert all(f"tiny fold {fold}: epoch 2/5, stage 1/2, loss " in log for fold in range(2))
    assert all(f"tiny fold {fold}: epoch 3/5, stage 2/2, loss " in log for fold in range(2))

    grid = pd.read_parquet(lineage.grid_table)
    assert grid["stages"].tolist() == ["1-2, 3-5"] * 2
    assert grid["scored_stage"].tolist() == [2, 2]
    records = instance.fetch_materializations(AssetKey("fold_models"), limit=5).records
    assert len(records) == 2
    client = MlflowClient(tracking.uri)
    for record in records:
        shown = record.asset_materialization.metadata
        fold = int(record.asset_materialization.partition.split()[-1])
        history = pd.read_csv(lineage.cell(Cell("tiny", fold)).path / "history.csv")
        gains = {2: history["raw_val_loss"][1] - history["val_loss"][1]}
        gains[5] = history["raw_val_loss"][4] - history["val_loss"][4]
        stages = [one.data for one in shown["stages"].records]
        assert [(one["stage"], one["first_epoch"], one["last_epoch"]) for one in stages] == [(1, 1, 2), (2, 3, 5)]
        assert [one["ema_gain"] for one in stages] == [round(gain, 4) for gain in gains.values()]
        assert shown["ema_gain"].value == f"{gains[5]:,.4g}"
        assert grid.set_index("fold")["ema_gain"][fold] == pytest.approx(gains[5])

        tracked = client.get_run(shown["MLflow run"].value.rpartition("/")[2])
        logged = {
            name: {one.step: one.value for one in client.get_metric_history(tracked.info.run_id, name)}
            for name in ("val_loss", "learning_rate", "stage", "ema_gain")
        }
        assert logged["stage"] == {1: 1, 2: 1, 3: 2, 4: 2, 5: 2}
        assert logged["val_loss"] == pytest.approx(dict(zip(history["epoch"], history["val_loss"], strict=True)))
        assert logged["learning_rate"].keys() == logged["stage"].keys()
        assert logged["ema_gain"] == pytest.approx(gains)
        assert tracked.data.params["stages.1.draw"] == "one_per_eeg"
        assert tracked.data.params["stages.2.min_votes"] == "10"
        assert tracked.data.params["stages.2.schedule.peak"] == "0.0001"
