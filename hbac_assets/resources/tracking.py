"""MLflow tracking: an MLflow experiment per experiment, a parent run per member, a child run per fold.

An ensemble has a separate run. A search is also a parent run, each of its trials a child run.

A run is found by the fingerprint of what it trains, so that repeated work updates it; a new fingerprint begins a new
run. Runs of other than the present settings are tagged as superseded. Anything logged twice appears once.

An unreachable MLflow server never fails a training. A step waits `CONNECT_SECONDS` for a server's first answer, in
all no longer than `patience` allows, and `END_SECONDS` when it has failed or is interrupted. Missing logs are written
when the same assets are materialized again: a trained cell or a finished trial without a finished run is reported
again.
"""

import functools
import json
import logging
import math
import os
import re
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from dagster import ConfigurableResource
from pydantic import Field

from hbac_assets.errors import HbacError
from hbac_assets.execution.processes import UNKNOWN, is_gone
from hbac_assets.lineage import Cell, Dataset
from hbac_assets.resources.patience import Patience
from hbac_assets.resources.registry import BundleVersion, register
from hbac_assets.resources.tracking_database import follow_moved_artifacts, make_whole, require_present_schema
from hbac_assets.resources.tracking_experiment import artifacts_fault, find_or_create, pages_address, scores_page
from hbac_assets.resources.tracking_uri import is_database, masked

if TYPE_CHECKING:
    import pandas as pd
    from mlflow import MlflowClient
    from mlflow.entities import Run

# Only metrics have steps, so the stage of an epoch is one, too. An epoch with the last of these is logged in full.
EPOCH_METRICS = ("loss", "val_loss", "learning_rate", "stage", "ema_gain", "images_per_second")
# keras-cv imports TensorFlow without requiring a version.
MODEL_REQUIREMENTS = ("keras", "keras-cv", "jax", "tensorflow-cpu" if sys.platform == "linux" else "tensorflow")
PROCESS_TAG = "process"
SUPERSEDED_TAG = "superseded"
DESCRIPTION_TAG = "mlflow.note.content"
PICTURE_LINE = re.compile(r"^- `(.+?)`: (.+)$", re.MULTILINE)
ARTIFACTS_TAG = "artifacts"  # "missing" where they could not be written when all else was
CONNECT_SECONDS, END_SECONDS = 10.0, 2.0
REGISTER_SECONDS = 600.0
"""A bundle has hundreds of megabytes."""
# MLflow would try for minutes.
FEW_ATTEMPTS = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_TIMEOUT": "15"}

Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")


def patiently(
    otherwise: Answer, seconds: float = math.inf, least: float = 0.0
) -> Callable[[Callable[Concatenate[Any, Parameters], Answer]], Callable[Concatenate[Any, Parameters], Answer]]:
    """Decorate a method of an object with `_patience`: if MLflow is unavailable, it returns `otherwise`.

    With `seconds` it waits no longer than these, with `least` as long as these.
    """

    def decorate(
        method: Callable[Concatenate[Any, Parameters], Answer],
    ) -> Callable[Concatenate[Any, Parameters], Answer]:
        @functools.wraps(method)
        def call(self: Any, *args: Parameters.args, **kwargs: Parameters.kwargs) -> Answer:
            patience: Patience = self._patience
            return patience.call(lambda: method(self, *args, **kwargs), otherwise, seconds, least)

        return call

    return decorate


class Tracking(ConfigurableResource):
    """The MLflow server or database to which training is logged (`MLFLOW_TRACKING_URI`)."""

    uri: str = Field(description="MLflow's tracking URI")
    artifact_folder: str = Field(description="folder of the experiments' artifacts if the URI names a database")

    def open(
        self,
        experiment: str,
        data_fingerprint: str,
        dagster_run: str,
        warn: Callable[[str], None],
        process: str = UNKNOWN,
    ) -> "ExperimentRuns":
        """Return the runs of an experiment on a data set, creating MLflow's experiment if it is new.

        Args:
            experiment: its name.
            data_fingerprint: of the data set.
            dagster_run: the id of the run that writes.
            warn: called with one line if MLflow is unavailable or too slow.
            process: the identity of that run's process; once it ends, its unfinished runs have failed.
        """
        # A model's requirements are given when it is logged.
        os.environ["MLFLOW_UV_AUTO_DETECT"] = "false"
        # MLflow would print the URI with its password, which Dagster keeps with the step's output.
        os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
        os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
        for name, value in FEW_ATTEMPTS.items():
            os.environ.setdefault(name, value)
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError

        logging.getLogger("mlflow").setLevel(logging.CRITICAL)  # errors are raised, and reported in one line

        def give_up(reason: str) -> None:
            self._warn(warn, f"{reason}; the run continues without it: materialize again once that is fixed")

        patience = Patience((HbacError, MlflowException, SQLAlchemyError, OSError), give_up)
        # A new SQLite file takes longer, and depends on no server.
        seconds = CONNECT_SECONDS if self.uri.startswith("http") else math.inf
        client, experiment_id, fault = patience.call(lambda: self._connect(experiment), (None, "", ""), seconds)
        if fault:
            self._warn(warn, f"{fault}; the rest is logged: materialize again once that is fixed")
        writer = {"dagster_run_id": dagster_run, PROCESS_TAG: process}
        page = scores_page(pages_address(self.uri), experiment_id) if experiment_id else ""
        return ExperimentRuns(client, experiment_id, data_fingerprint, writer, patience, artifacts=not fault, page=page)

    def _warn(self, warn: Callable[[str], None], line: str) -> None:
        warn(f"MLflow at {masked(self.uri)}: {masked(line, self.uri)}, and what is missing there is logged")

    def _connect(self, experiment: str) -> "tuple[MlflowClient, str, str]":
        """Return the client, the experiment's id, and the reason if its artifacts cannot be written from here."""
        import mlflow

        make_whole(self.uri, Path(self.artifact_folder))
        require_present_schema(self.uri)
        follow_moved_artifacts(self.uri, Path(self.artifact_folder))
        mlflow.set_tracking_uri(self.uri)
        client = mlflow.MlflowClient()
        folder = Path(self.artifact_folder) if is_database(self.uri) else None
        found = find_or_create(client, experiment, folder)
        return client, found.experiment_id, artifacts_fault(found, folder)


class ExperimentRuns:
    """The MLflow runs of one experiment on one data set."""

    def __init__(
        self,
        client: "MlflowClient | None",
        experiment_id: str,
        data_fingerprint: str,
        writer: Mapping[str, str],
        patience: Patience,
        *,
        artifacts: bool,
        page: str = "",
    ) -> None:
        """`writer` are the tags of the writing run; `artifacts` tells whether artifacts can be written from here.

        `page` is the address of the runs in MLflow's UI, empty if MLflow is unavailable.
        """
        self.page = page
        self._client: Any = client
        self._experiment_id = experiment_id
        self._data = data_fingerprint
        self._writer = writer
        self._patience = patience
        self._artifacts = artifacts

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
        """Find or create the child run of a trial, identified by its number and its study's fingerprint."""
        identity = {"search": member, "trial": str(number)}
        name, tags = f"{member} trial {number}", {"mlflow.parentRunId": parent, **tags}
        return self._find_or_create(name, identity, trial_fingerprint(study, number), params, tags)

    def page_of(self, run: "TrackedRun") -> str:
        """Return the address of a run in MLflow's UI; empty if it was not logged."""
        return f"{self.page.partition('/runs?')[0]}/runs/{run.run_id}" if run.run_id else ""

    @patiently(otherwise=True)
    def is_finished(self, fingerprint: str) -> bool:
        """Return whether there is a run with this fingerprint that has everything that can be logged from here."""
        finished = self._search(f"tags.fingerprint = '{fingerprint}' and attributes.status = 'FINISHED'")
        return any(not self._artifacts or run.data.tags.get(ARTIFACTS_TAG) != "missing" for run in finished)

    @patiently(otherwise=None)
    def supersede(self, kind: str, is_current: Callable[[str], bool]) -> None:
        """Tag the runs on these data that are not current as superseded, and remove the tag from current ones.

        Args:
            kind: of the runs, by their tag: `member`, `ensemble` or `search`.
            is_current: whether the present settings and inputs have a fingerprint.
        """
        for run in self._search(f"tags.data_fingerprint = '{self._data}'"):
            if kind not in run.data.tags:
                continue
            current, tagged = is_current(run.data.tags.get("fingerprint", "")), SUPERSEDED_TAG in run.data.tags
            if current and tagged:
                self._client.delete_tag(run.info.run_id, SUPERSEDED_TAG)
            elif not current and not tagged:
                self._client.set_tag(run.info.run_id, SUPERSEDED_TAG, "true")

    @patiently(otherwise=None)
    def fail_unfinished(self) -> None:
        """Mark as failed every run whose process was killed."""
        for run in self._search("attributes.status = 'RUNNING'"):
            if PROCESS_TAG in run.data.tags and is_gone(run.data.tags[PROCESS_TAG]):
                self._client.set_terminated(run.info.run_id, status="FAILED")

    def _find_or_create(
        self,
        name: str,
        identity: Mapping[str, str],
        fingerprint: str,
        params: Mapping[str, Any],
        tags: Mapping[str, str],
    ) -> "TrackedRun":
        identity = {**identity, "fingerprint": fingerprint}
        tags = {**tags, "data_fingerprint": self._data, **self._writer}

        def run_id() -> str:
            there = self._search(" and ".join(f"tags.{key} = '{value}'" for key, value in identity.items()))
            if there:
                _set_tags(self._client, there[-1].info.run_id, tags)
                return str(there[-1].info.run_id)
            new = self._client.create_run(self._experiment_id, run_name=name, tags={**identity, **tags})
            _log_params(self._client, new.info.run_id, params)
            return str(new.info.run_id)

        run = self._patience.call(run_id, "")
        return TrackedRun(self._client, run, self._patience, artifacts=self._artifacts)

    def _search(self, condition: str) -> "list[Run]":
        """Return the runs that meet a condition, newest first."""
        runs: list[Run] = []
        page = None
        while page is None or page.token:
            page = self._client.search_runs([self._experiment_id], condition, page_token=page and page.token)
            runs += page
        return runs


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
        import time

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
        _log_params(self._client, self.run_id, params)

    @patiently(otherwise=None)
    def tag(self, **tags: str) -> None:
        """Set tags of the run."""
        _set_tags(self._client, self.run_id, tags)

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
        import tempfile

        if not self._artifacts:
            return
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / name
            file.write_bytes(content)
            self._client.log_artifact(self.run_id, str(file))


def trial_fingerprint(study: str, number: int) -> str:
    """Return an identifier of a trial, unique among all studies."""
    return f"{study}-{number}"


def flattened(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested settings flattened, with keys such as `augmentation.mixup.alpha` or `stages.1.epochs`."""
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
            value = {str(number): one for number, one in enumerate(value, start=1)}
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
