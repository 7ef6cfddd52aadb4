"""Projects whose chain trains one member on two folds, each part of which may lie on a disk of its own."""

import re
from pathlib import Path

import pandas as pd
import yaml
from mlflow import MlflowClient

from hbac_assets.experiments.loading import FOLDER
from hbac_assets_tests.projects import Project, make_project, share_generated_data

MEMBER = "mobilenet_v3_small"
ONE_LINE = re.compile(r"\n\n(.+)\n\Z")


def small_project(finished: Project, folder: Path, store: Path | None = None, **environment: str) -> Project:
    """Return a miniature project that uses the data and the compiled programs of a finished one.

    Its member is one of the finished project's, so that its predictions must be the same.

    Args:
        finished: the other project.
        folder: where all lies that has no other place.
        store: the folder beside which the store, the data and MLflow's files lie, if it is another one.
        environment: more variables.
    """
    beside = store or folder
    quickstart = yaml.safe_load((FOLDER / "quickstart.yaml").read_text())
    project = make_project(folder, HBAC_STORE=str(beside / "store"), **environment)
    share_generated_data(finished, Project(beside, {}))
    experiment = folder / "small.yaml"
    experiment.write_text(yaml.safe_dump(quickstart | {"members": {MEMBER: quickstart["members"][MEMBER]}}))
    project.environment["HBAC_EXPERIMENT"] = str(experiment)
    return Project(beside, project.environment)


def last_line(text: str) -> str:
    """Return the line that stands apart at the end of what a run printed, without any traceback before it."""
    assert "Traceback" not in text, text
    found = ONE_LINE.search(text)
    assert found, text
    return found[1]


def require_same_predictions(project: Project, finished: Project) -> None:
    """Compare a chain with one that was never disturbed, bit for bit."""
    expected = pd.read_parquet(finished.results / "oof.parquet")
    expected = expected[expected["member"] == MEMBER].reset_index(drop=True)
    found = pd.read_parquet(project.results / "oof.parquet")
    found = found[found["member"] == MEMBER].reset_index(drop=True)
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


def require_all_in_mlflow(project: Project) -> None:
    """Make sure that all runs are finished, and those of the folds complete."""
    client = MlflowClient(project.environment["MLFLOW_TRACKING_URI"])
    experiment = client.get_experiment_by_name("small-miniature")
    runs = client.search_runs([experiment.experiment_id])
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert [run.data.tags["ensemble"] for run in runs if "ensemble" in run.data.tags] == ["ensemble"]
    folds = [run for run in runs if run.data.tags.get("fold") in ("0", "1")]
    assert sorted(run.data.tags["fold"] for run in folds) == ["0", "1"]
    for run in folds:
        assert [one.step for one in client.get_metric_history(run.info.run_id, "val_loss")] == [1, 2]
        assert run.data.tags["model_uri"]
        names = {artifact.path for artifact in client.list_artifacts(run.info.run_id)}
        assert {"history.csv", "loss_curves.png"} <= names
