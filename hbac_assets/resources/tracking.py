"""MLflow tracking: an MLflow experiment per experiment, a parent run per member, a child run per fold.

An ensemble has a separate run. A search is also a parent run, each of its trials a child run.

A run is found by the fingerprint of what it trains, so that repeated work updates it; a new fingerprint begins a new
run. Runs of other than the present settings are tagged as superseded. Anything logged twice appears once.

An unreachable MLflow server never fails a training. A step waits `CONNECT_SECONDS` for a server's first answer, in
all no longer than `patience` allows, and `END_SECONDS` of `tracked_run` when it has failed or is interrupted. Missing
logs are written when the same assets are materialized again: a trained cell or a finished trial without a finished run
is reported again.
"""

import logging
import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster import ConfigurableResource
from pydantic import Field

from hbac_assets.errors import HbacError
from hbac_assets.execution.processes import UNKNOWN, is_gone
from hbac_assets.lineage import Cell
from hbac_assets.resources.patience import Patience, patiently
from hbac_assets.resources.tracked_run import ARTIFACTS_TAG, TrackedRun, log_params_once, set_tags
from hbac_assets.resources.tracking_database import follow_moved_artifacts, make_whole, require_present_schema
from hbac_assets.resources.tracking_experiment import artifacts_fault, find_or_create, pages_address, scores_page
from hbac_assets.resources.tracking_uri import is_database, masked

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

PROCESS_TAG = "process"
SUPERSEDED_TAG = "superseded"
CONNECT_SECONDS = 10.0
# MLflow would try for minutes.
FEW_ATTEMPTS = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_TIMEOUT": "15"}


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

    def member(self, name: str, fingerprint: str, params: Mapping[str, Any], tags: Mapping[str, str]) -> TrackedRun:
        """Find or create the parent run of a member; `fingerprint` covers its recipe and rows."""
        identity = {"member": name, "fold": "all"}
        return self._find_or_create(name, identity, fingerprint, params, tags)

    def cell(
        self, cell: Cell, parent: str, fingerprint: str, params: Mapping[str, Any], tags: Mapping[str, str]
    ) -> TrackedRun:
        """Find or create the child run of a cell; `fingerprint` is that of the cell's inputs."""
        identity = {"member": cell.member, "fold": str(cell.fold)}
        name = f"{cell.member} fold {cell.fold}"
        return self._find_or_create(name, identity, fingerprint, params, {"mlflow.parentRunId": parent, **tags})

    def ensemble(self, name: str, fingerprint: str, params: Mapping[str, Any], tags: Mapping[str, str]) -> TrackedRun:
        """Find or create the run of an ensemble; `fingerprint` covers its definition and its members' predictions."""
        return self._find_or_create(name, {"ensemble": name}, fingerprint, params, tags)

    def search(self, member: str, fingerprint: str, params: Mapping[str, Any], tags: Mapping[str, str]) -> TrackedRun:
        """Find or create the parent run of a search; `fingerprint` is that of its study."""
        identity = {"search": member, "trial": "all"}
        return self._find_or_create(f"search of {member}", identity, fingerprint, params, tags)

    def trial(
        self, member: str, number: int, parent: str, study: str, params: Mapping[str, Any], tags: Mapping[str, str]
    ) -> TrackedRun:
        """Find or create the child run of a trial, identified by its number and its study's fingerprint."""
        identity = {"search": member, "trial": str(number)}
        name, tags = f"{member} trial {number}", {"mlflow.parentRunId": parent, **tags}
        return self._find_or_create(name, identity, trial_fingerprint(study, number), params, tags)

    def page_of(self, run: TrackedRun) -> str:
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
    ) -> TrackedRun:
        identity = {**identity, "fingerprint": fingerprint}
        tags = {**tags, "data_fingerprint": self._data, **self._writer}

        def run_id() -> str:
            there = self._search(" and ".join(f"tags.{key} = '{value}'" for key, value in identity.items()))
            if there:
                set_tags(self._client, there[-1].info.run_id, tags)
                return str(there[-1].info.run_id)
            new = self._client.create_run(self._experiment_id, run_name=name, tags={**identity, **tags})
            log_params_once(self._client, new.info.run_id, params)
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
