"""MLflow: one experiment for each experiment, a parent run for each member, a child run for each fold.

An ensemble has a run of its own beside those of the members. A search is a parent run too, each of its trials a
child run.

A run is found again by the fingerprint of what it trains, so that running again updates it; when the fingerprint
changes, a new run begins and the old one is tagged as superseded. Whatever is logged twice appears once.
"""

import logging
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster import ConfigurableResource
from pydantic import Field

from hbac_assets.lineage import Cell
from hbac_assets.resources.paths import PROJECT_FOLDER

if TYPE_CHECKING:
    import pandas as pd
    from mlflow import MlflowClient
    from mlflow.entities import Run

EPOCH_METRICS = ("loss", "val_loss", "learning_rate", "images_per_second")
# Makes MLflow's pages open on training runs.
EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development"}
MODEL_REQUIREMENTS = ("keras", "keras-cv", "jax")


class Tracking(ConfigurableResource):
    """Where training is logged (`MLFLOW_TRACKING_URI`)."""

    uri: str = Field(description="MLflow's tracking URI")
    artifact_folder: str = Field(description="where experiments that are created here keep their artifacts")

    def open(self, experiment: str, data_fingerprint: str, dagster_run: str) -> "ExperimentRuns":
        """Return the runs of an experiment on a data set, creating MLflow's experiment if it is new."""
        # What a model requires is given when it is logged.
        os.environ["MLFLOW_UV_AUTO_DETECT"] = "false"
        import mlflow
        from mlflow.exceptions import MlflowException

        logging.getLogger("mlflow").setLevel(logging.ERROR)
        mlflow.set_tracking_uri(self.uri)
        client = mlflow.MlflowClient()
        found = client.get_experiment_by_name(experiment)
        if found is None:
            location = (Path(self.artifact_folder) / experiment).as_uri()
            with suppress(MlflowException):  # another process was faster
                client.create_experiment(experiment, artifact_location=location, tags=EXPERIMENT_TAGS)
            found = client.get_experiment_by_name(experiment)
        return ExperimentRuns(client, found.experiment_id, data_fingerprint, dagster_run)


class ExperimentRuns:
    """The MLflow runs of one experiment on one data set."""

    def __init__(self, client: "MlflowClient", experiment_id: str, data_fingerprint: str, dagster_run: str) -> None:
        self._client = client
        self._experiment_id = experiment_id
        self._data = data_fingerprint
        self._dagster_run = dagster_run

    def member(self, name: str, fingerprint: str, params: Mapping[str, Any], tags: Mapping[str, str]) -> "TrackedRun":
        """Find or create the parent run of a member; `fingerprint` covers its recipe and rows."""
        identity = {"member": name, "fold": "all"}
        return self._find_or_create(name, identity, fingerprint, params, tags)

    def cell(
        self, cell: Cell, parent: str, fingerprint: str, params: Mapping[str, Any], tags: Mapping[str, str]
    ) -> "TrackedRun":
        """Find or create the child run of a cell; `fingerprint` is that of the cell's inputs."""
        identity = {"member": cell.member, "fold": str(cell.fold)}
        name = f"{cell.member} fold {cell.fold}"
        return self._find_or_create(name, identity, fingerprint, params, {"mlflow.parentRunId": parent, **tags})

    def ensemble(self, name: str, fingerprint: str, params: Mapping[str, Any], tags: Mapping[str, str]) -> "TrackedRun":
        """Find or create the run of an ensemble; `fingerprint` covers its definition and its members' predictions."""
        return self._find_or_create(name, {"ensemble": name}, fingerprint, params, tags)

    def search(self, member: str, fingerprint: str, params: Mapping[str, Any], tags: Mapping[str, str]) -> "TrackedRun":
        """Find or create the parent run of a search; `fingerprint` is that of its study."""
        identity = {"search": member, "trial": "all"}
        return self._find_or_create(f"search of {member}", identity, fingerprint, params, tags)

    def trial(
        self, member: str, number: int, parent: str, study: str, params: Mapping[str, Any], tags: Mapping[str, str]
    ) -> "TrackedRun":
        """Find or create the child run of a trial, which its number and the fingerprint of its study name."""
        identity = {"search": member, "trial": str(number)}
        name, tags = f"{member} trial {number}", {"mlflow.parentRunId": parent, **tags}
        return self._find_or_create(name, identity, f"{study}-{number}", params, tags)

    def is_finished(self, fingerprint: str) -> bool:
        """Tell whether a run with this fingerprint is there and complete."""
        return bool(self._search(f"tags.fingerprint = '{fingerprint}' and attributes.status = 'FINISHED'"))

    def fail_unfinished(self, dagster_runs_in_progress: Iterable[str]) -> None:
        """Mark as failed every run whose Dagster run is over: its process was killed before it could do so."""
        alive = {*dagster_runs_in_progress, self._dagster_run}
        for run in self._search("attributes.status = 'RUNNING'"):
            if run.data.tags.get("dagster_run_id") not in alive:
                self._client.set_terminated(run.info.run_id, status="FAILED")

    def _find_or_create(
        self,
        name: str,
        identity: Mapping[str, str],
        fingerprint: str,
        params: Mapping[str, Any],
        tags: Mapping[str, str],
    ) -> "TrackedRun":
        identity = {**identity, "data_fingerprint": self._data}
        tags = {**tags, "dagster_run_id": self._dagster_run}
        current = None
        for run in self._search(" and ".join(f"tags.{key} = '{value}'" for key, value in identity.items())):
            if run.data.tags.get("fingerprint") == fingerprint:
                current = run
            elif "superseded" not in run.data.tags:
                self._client.set_tag(run.info.run_id, "superseded", "true")
        if current is None:
            all_tags = {**identity, **tags, "fingerprint": fingerprint}
            current = self._client.create_run(self._experiment_id, run_name=name, tags=all_tags)
            _log_params(self._client, current.info.run_id, params)
        else:
            _set_tags(self._client, current.info.run_id, tags)
        return TrackedRun(self._client, current.info.run_id)

    def _search(self, condition: str) -> "list[Run]":
        return list(self._client.search_runs([self._experiment_id], condition, max_results=1000))


class TrackedRun:
    """One MLflow run that is being written."""

    def __init__(self, client: "MlflowClient", run_id: str) -> None:
        self._client = client
        self.run_id = run_id

    def log_epochs(self, history: "pd.DataFrame") -> None:
        """Log the epochs that are not logged yet.

        Args:
            history: columns `epoch` and `EPOCH_METRICS`, a row for each epoch.
        """
        import time

        from mlflow.entities import Metric

        logged = {metric.step for metric in self._client.get_metric_history(self.run_id, EPOCH_METRICS[-1])}
        now = int(time.time() * 1000)
        metrics = [
            Metric(name, float(epoch[name]), now, int(epoch["epoch"]))
            for epoch in history.to_dict("records")
            if epoch["epoch"] not in logged
            for name in EPOCH_METRICS
        ]
        for start in range(0, len(metrics), 1000):  # MLflow's limit for a batch
            self._client.log_batch(self.run_id, metrics=metrics[start : start + 1000])

    def log_metrics(self, metrics: Mapping[str, float]) -> None:
        """Log figures that belong to the run as a whole."""
        for name, value in metrics.items():
            self._client.log_metric(self.run_id, name, value)

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Log what is known only after the run began; a value that is there already stays."""
        _log_params(self._client, self.run_id, params)

    def tag(self, **tags: str) -> None:
        """Set tags of the run."""
        _set_tags(self._client, self.run_id, tags)

    def log_picture(self, png: bytes, name: str) -> None:
        """Log a PNG under `name`."""
        self._log_bytes(png, name)

    def log_table(self, table: "pd.DataFrame", name: str) -> None:
        """Log a table as CSV under `name`."""
        self._log_bytes(table.to_csv(index=False).encode(), name)

    def log_model(self, model: Any) -> None:
        """Log a Keras model so that `mlflow.keras.load_model` finds it; once for each run."""
        from importlib.metadata import version

        import mlflow
        import numpy as np
        from mlflow.models import ModelSignature
        from mlflow.types import Schema, TensorSpec

        if "model_uri" in self._client.get_run(self.run_id).data.tags:
            return
        single = np.dtype("float32")
        images = TensorSpec(single, (-1, *model.input_shape[1:]))
        signature = ModelSignature(Schema([images]), Schema([TensorSpec(single, (-1, *model.output_shape[1:]))]))
        requirements = [f"{package}=={version(package)}" for package in MODEL_REQUIREMENTS]
        with mlflow.start_run(run_id=self.run_id):
            logged = mlflow.keras.log_model(model, name="model", signature=signature, pip_requirements=requirements)
        self._client.set_tag(self.run_id, "model_uri", logged.model_uri)

    def reopen(self) -> None:
        """Mark the run as running, whatever became of it before."""
        self._client.update_run(self.run_id, status="RUNNING")

    def finish(self) -> None:
        """Mark the run as finished."""
        self._client.set_terminated(self.run_id, status="FINISHED")

    def fail(self, reason: str) -> None:
        """Mark the run as failed and say why."""
        self._client.set_tag(self.run_id, "failure", reason[:5000])
        self._client.set_terminated(self.run_id, status="FAILED")

    def _log_bytes(self, content: bytes, name: str) -> None:
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / name
            file.write_bytes(content)
            self._client.log_artifact(self.run_id, str(file))


def code_commit() -> str:
    """Return the checkout's commit, or `unknown` where the code is not in one."""
    import subprocess

    command = ["git", "-C", str(PROJECT_FOLDER), "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def flattened(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested settings as one level, `augmentation.mixup.alpha` for example."""
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping):
            flat |= flattened(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


def _log_params(client: "MlflowClient", run_id: str, params: Mapping[str, Any]) -> None:
    from mlflow.entities import Param

    there = client.get_run(run_id).data.params
    new = [Param(key, str(value)) for key, value in params.items() if key not in there]
    if new:
        client.log_batch(run_id, params=new)


def _set_tags(client: "MlflowClient", run_id: str, tags: Mapping[str, str]) -> None:
    from mlflow.entities import RunTag

    client.log_batch(run_id, tags=[RunTag(key, value) for key, value in tags.items()])
