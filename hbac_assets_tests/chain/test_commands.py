"""The commands known to Dagster's users, as the documentation gives them."""

import json
import shutil
import subprocess

import pandas as pd
import pytest

from hbac_assets_tests.projects import CHECKOUT


def materialize(project, selection, *more):
    return project.command("dagster", "asset", "materialize", "--select", selection, *more)


def last_failure(done):
    """Return the description that a failed materialization ends with."""
    lines = [line for line in done.stderr.splitlines() if "events.Failure: " in line]
    return lines[-1].partition("events.Failure: ")[2]


def test_trained_models_alone_on_an_empty_store_says_what_comes_first(fresh):
    done = materialize(fresh, "trained_models")
    assert done.returncode != 0
    assert last_failure(done).endswith("not made yet: materialize competition_data first")


@pytest.mark.long
def test_trained_models_on_half_a_store_names_the_next_asset(fresh):
    assert materialize(fresh, "competition_data").returncode == 0
    done = materialize(fresh, "trained_models")
    assert done.returncode != 0
    assert "materialize train_metadata first" in last_failure(done)


@pytest.mark.long
def test_one_cell_is_retrained_by_config_and_the_rest_follows(finished, fresh):
    project = fresh
    shutil.copytree(finished[0].folder / "store", project.folder / "store")
    models = project.results / "models"
    before = {path: path.stat().st_mtime_ns for path in models.rglob("last.keras")}
    config = {"ops": {"trained_models": {"config": {"members": ["mobilenet_v3_small"], "folds": [1], "retrain": True}}}}
    done = materialize(project, "trained_models", "--config-json", json.dumps(config))
    assert done.returncode == 0, done.stderr
    changed = {path.parent for path in before if path.stat().st_mtime_ns != before[path]}
    assert changed == {models / "mobilenet_v3_small" / "fold_1"}
    grid = pd.read_parquet(project.results / "models.parquet")
    assert len(grid) == 4
    assert grid["val_loss"].notna().all()
    assert materialize(project, "oof_predictions").returncode == 0
    assert materialize(project, "+submission").returncode == 0


def test_an_unknown_member_in_the_config_is_one_line(finished):
    project, _ = finished
    config = {"ops": {"trained_models": {"config": {"members": ["resnet"]}}}}
    done = materialize(project, "trained_models", "--config-json", json.dumps(config))
    assert done.returncode != 0
    assert last_failure(done).startswith("members: expected some of ['mobilenet_v3_small', 'bipolar_resnet']")


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(("dagster", "asset", "materialize", "--select", "*"), id="everything", marks=pytest.mark.long),
        pytest.param(("dg", "launch", "--assets", "trained_models"), id="trained models"),
    ],
)
def test_the_other_ways_to_launch_find_everything_up_to_date(finished, command):
    project, _ = finished
    done = project.command(*command)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 of 4 cells to train" in done.stdout + done.stderr
    assert ("the experiment has no search" in done.stdout + done.stderr) == ("*" in command)


def test_envrc_is_all_that_a_shell_needs():
    script = """
    env -i HOME="$HOME" PATH=/usr/bin:/bin bash -euc '
        source .envrc
        echo "$DAGSTER_HOME|$HBAC_STORE|$MLFLOW_TRACKING_URI|$MLFLOW_BACKEND_STORE_URI"
        test -f "$DAGSTER_HOME/dagster.yaml"
        dagster --version >/dev/null && dg --version >/dev/null && mlflow --version >/dev/null
        test -z "${DAGSTER_MODULE_NAME:-}"
    '
    """
    done = subprocess.run(["bash", "-c", script], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    data = CHECKOUT / "data"
    uri = f"sqlite:///{data}/mlflow.db"
    assert done.stdout.strip().split("|") == [f"{data}/dagster", f"{data}/store", uri, uri]
