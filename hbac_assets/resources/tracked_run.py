"""One MLflow run that is being written: metrics, pictures, tables and models of a member, cell, trial or ensemble.

Finding and creating runs belongs to `tracking`.
"""

import json
import math
import re
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hbac_assets.lineage import Dataset
from hbac_assets.resources.patience import Patience, patiently
from hbac_assets.resources.registry import BundleVersion, register
from hbac_assets.resources.tracking_uri import masked

if TYPE_CHECKING:
    import pandas as pd
    from mlflow import MlflowClient

# Only metrics have steps, so the stage of an epoch is one, too. An epoch with the last of these is logged in full.
EPOCH_METRICS = ("loss", "val_loss", "learning_rate", "stage", "ema_gain", "images_per_second")
# keras-cv imports TensorFlow without requiring a version.
MODEL_REQUIREMENTS = ("keras", "keras-cv", "jax", "tensorflow-cpu" if sys.platform == "linux" else "tensorflow")
DESCRIPTION_TAG = "mlflow.note.content"
PICTURE_LINE = re.compile(r"^- `(.+?)`: (.+)$", re.MULTILINE)
ARTIFACTS_TAG = "artifacts"  # "missing" where they could not be written when all else was
END_SECONDS = 2.0
"""How long a step that has failed or is interrupted waits for MLflow."""
REGISTER_SECONDS = 600.0
"""A bundle has hundreds of megabytes."""


class TrackedRun:
    """One MLflow run that is being written; its `run_id` is empty if MLflow is unavailable."""

    def __init__(self, client: Any, run_id: str, patience: Patience, *, artifacts: bool) -> None:
        """`artifacts` tells whether artifacts can be written from here; otherwise they are left out."""
        self._client = client
        self.run_id = run_id
        self._patience = patience
        self._artifacts = artifacts

    @patiently(otherwise=None)
    def log_epochs(self, history: "pd.DataFrame") -> None:
        """Log the epochs that are not logged yet.

        Args:
            history: columns `epoch` and `EPOCH_METRICS`, a row for each epoch; NaN where an epoch lacks a metric.
        """
        from mlflow.entities import Metric

        logged = {metric.step for metric in self._client.get_metric_history(self.run_id, EPOCH_METRICS[-1])}
        now = int(time.time() * 1000)
        metrics = [
            Metric(name, float(epoch[name]), now, int(epoch["epoch"]))
            for epoch in history.to_dict("records")
            if epoch["epoch"] not in logged
            for name in EPOCH_METRICS
            if not math.isnan(epoch.get(name, math.nan))
        ]
        for start in range(0, len(metrics), 1000):  # MLflow's limit for a batch
            self._client.log_batch(self.run_id, metrics=metrics[start : start + 1000])

    @patiently(otherwise=None)
    def log_metrics(self, metrics: Mapping[str, float], step: int = 0) -> None:
        """Log values of the run as a whole, or of a step."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        batch = [Metric(name, value, now, step) for name, value in metrics.items()]
        self._client.log_batch(self.run_id, metrics=batch)

    @patiently(otherwise=None)
    def log_model_metrics(self, metrics: Mapping[str, float]) -> None:
        """Log values of the run and of its logged model, so that a search for models finds the best."""
        model = self._client.get_run(self.run_id).data.tags.get("model_uri", "").rpartition("/")[2] or None
        for name, value in metrics.items():
            self._client.log_metric(self.run_id, name, value, step=0, model_id=model)

    @patiently(otherwise=None)
    def log_dataset(self, dataset: Dataset, context: str) -> None:
        """Log a data set as an input of the run, once, however often this is called.

        Args:
            dataset: to log.
            context: its use, such as `training`.
        """
        from mlflow.entities import Dataset as Input
        from mlflow.entities import DatasetInput, InputTag

        source = json.dumps({"uri": dataset.folder.as_uri()})
        digest = dataset.fingerprint[:36]
        found = Input(dataset.key, digest, "local", source, profile=json.dumps({"kind": dataset.name}))
        self._client.log_inputs(self.run_id, [DatasetInput(found, [InputTag("mlflow.data.context", context)])])

    @patiently(otherwise=None)
    def log_parameters_table(self) -> None:
        """Log the run's parameters as a table, which MLflow's UI shows as one."""
        import pandas as pd

        params = self._client.get_run(self.run_id).data.params
        rows = pd.DataFrame(sorted(params.items()), columns=["parameter", "value"])
        self._log_bytes(rows.to_csv(index=False).encode(), "parameters.csv")

    @patiently(otherwise=None)
    def describe(self, text: str) -> None:
        """Set the description of the run in MLflow's UI; the sentences of its pictures stay below it."""
        _, sentences = self._description()
        self._set_description(text, sentences)

    @patiently(otherwise=None)
    def log_params(self, params: Mapping[str, Any]) -> None:
        """Log parameters that are known only after the run began; existing values stay."""
        log_params_once(self._client, self.run_id, params)

    @patiently(otherwise=None)
    def tag(self, **tags: str) -> None:
        """Set tags of the run."""
        set_tags(self._client, self.run_id, tags)

    @patiently(otherwise=None)
    def log_picture(self, png: bytes, name: str, sentence: str) -> None:
        """Log a PNG under `name`; `sentence`, which explains it, is added to the run's description."""
        self._log_bytes(png, name)
        text, sentences = self._description()
        self._set_description(text, sentences | {name: sentence})

    @patiently(otherwise=None)
    def log_table(self, table: "pd.DataFrame", name: str) -> None:
        """Log a table as CSV under `name`."""
        self._log_bytes(table.to_csv(index=False).encode(), name)

    @patiently(otherwise=None)
    def log_json(self, content: Mapping[str, Any], name: str) -> None:
        """Log JSON under `name`."""
        self._log_bytes(json.dumps(content, indent=1).encode(), name)

    @patiently(otherwise=None)
    def log_file(self, path: Path) -> None:
        """Log a file under its own name."""
        if self._artifacts:
            self._client.log_artifact(self.run_id, str(path))

    @patiently(otherwise=None)
    def log_model(self, model: Any, name: str) -> None:
        """Log a Keras model under `name` so that `mlflow.keras.load_model` finds it; once for each run."""
        from importlib.metadata import version

        import mlflow
        import numpy as np
        from mlflow.models import ModelSignature
        from mlflow.types import Schema, TensorSpec

        run = self._client.get_run(self.run_id)
        if not self._artifacts or "model_uri" in run.data.tags:
            return
        of_this_run = f"source_run_id = '{self.run_id}'"
        for begun in self._client.search_logged_models([run.info.experiment_id], of_this_run):
            self._client.delete_logged_model(begun.model_id)  # by a killed process
        single = np.dtype("float32")
        images = TensorSpec(single, (-1, *model.input_shape[1:]))
        signature = ModelSignature(Schema([images]), Schema([TensorSpec(single, (-1, *model.output_shape[1:]))]))
        requirements = [f"{package}=={version(package)}" for package in MODEL_REQUIREMENTS]
        with mlflow.start_run(run_id=self.run_id):
            logged = mlflow.keras.log_model(model, name=name, signature=signature, pip_requirements=requirements)
        self._client.set_tag(self.run_id, "model_uri", logged.model_uri)

    @patiently(otherwise="not registered: MLflow is unavailable", least=REGISTER_SECONDS)
    def register_bundle(self, bundle: BundleVersion) -> str:
        """Register a bundle as a version of its model, and return a sentence about the champion."""
        return register(self._client, self.run_id, bundle) if self._artifacts else "not registered: no artifacts"

    @patiently(otherwise=None)
    def reopen(self) -> None:
        """Mark the run as running, whatever its state."""
        self._client.update_run(self.run_id, status="RUNNING")

    @patiently(otherwise=None)
    def finish(self, seconds: float | None = None) -> None:
        """Mark the run as finished, and tag whether its artifacts are complete.

        Args:
            seconds: the duration that MLflow shows; the run may have been created long before, or have waited. By
                default the run ends now.
        """
        self._client.set_tag(self.run_id, ARTIFACTS_TAG, "logged" if self._artifacts else "missing")
        end = None
        if seconds is not None:
            end = self._client.get_run(self.run_id).info.start_time + round(1000 * seconds)
        self._client.set_terminated(self.run_id, status="FINISHED", end_time=end)

    @patiently(otherwise=None, seconds=END_SECONDS)
    def fail(self, reason: str) -> None:
        """Mark the run as failed and tag the reason."""
        self._client.set_tag(self.run_id, "failure", masked(reason)[:5000])
        self._client.set_terminated(self.run_id, status="FAILED")

    def _description(self) -> tuple[str, dict[str, str]]:
        """Return the text of the run's description, and the sentences of its pictures by name."""
        found = self._client.get_run(self.run_id).data.tags.get(DESCRIPTION_TAG, "")
        return PICTURE_LINE.sub("", found).strip(), dict(PICTURE_LINE.findall(found))

    def _set_description(self, text: str, sentences: Mapping[str, str]) -> None:
        lines = [f"- `{name}`: {sentence}" for name, sentence in sentences.items()]
        self._client.set_tag(self.run_id, DESCRIPTION_TAG, "\n\n".join(filter(None, (text, "\n".join(lines)))))

    def _log_bytes(self, content: bytes, name: str) -> None:
        if not self._artifacts:
            return
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / name
            file.write_bytes(content)
            self._client.log_artifact(self.run_id, str(file))


def log_params_once(client: "MlflowClient", run_id: str, params: Mapping[str, Any]) -> None:
    """Log those parameters of a run that it does not have yet: MLflow's cannot change."""
    from mlflow.entities import Param

    there = client.get_run(run_id).data.params
    new = [Param(key, str(value)) for key, value in params.items() if key not in there]
    if new:
        client.log_batch(run_id, params=new)


def set_tags(client: "MlflowClient", run_id: str, tags: Mapping[str, str]) -> None:
    """Set tags of a run in one request."""
    from mlflow.entities import RunTag

    client.log_batch(run_id, tags=[RunTag(key, value) for key, value in tags.items()])
