"""Common to all assets and steps: ending with the run, one-line errors, progress, descriptions."""

import functools
import inspect
import logging
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import ParamSpec, TypeVar, cast

from dagster import (
    AssetExecutionContext,
    AssetsDefinition,
    DataVersion,
    Failure,
    MaterializeResult,
    MetadataValue,
    OpExecutionContext,
    PathMetadataValue,
    asset,
)

from hbac_assets.errors import HbacError
from hbac_assets.execution.interrupts import end_at_once
from hbac_assets.execution.runs import join_run
from hbac_assets.lineage import CODE_VERSIONS
from hbac_assets.resources.cluster import LEASED, RAY
from hbac_assets.resources.paths import PROJECT_FOLDER
from hbac_assets.resources.views import Workspace
from hbac_assets.store.artifact import Artifact
from hbac_assets.store.files import fingerprint

OWNERS = ["team:hbac"]
LOG_EVERY_SECONDS = 5.0

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def step(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Decorate the function of an asset, op or check.

    The step ends when the run's process is gone; an `HbacError` becomes the one-line description of the failure. The
    function gets the workspace as `workspace`.
    """

    @functools.wraps(function)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        context = OpExecutionContext.get()
        join_run(context.instance, context.run.run_id)
        try:
            workspace = cast(Workspace, kwargs["workspace"])
            if os.environ.get(RAY):
                from hbac_assets.execution.cluster.agreement import require_agreement

                end_at_once()
                require_agreement(workspace.store, context.run.run_id)
            tag_run(context, workspace)
            with workspace.store.in_use(context.log.info):
                return function(*args, **kwargs)
        except HbacError as error:
            hide_frames()
            raise Failure(str(error), allow_retries=False) from None

    return run


def hide_frames() -> None:
    """Omit the stack trace of a step that is about to fail, if its process ends with it.

    Dagster's UI would show the trace below the message twice, with the failures of the step and of the run, although
    it only contains Dagster's calls of the step. A bug keeps its trace in both places.
    """
    if multiprocessing.parent_process():
        sys.tracebacklimit = 0


def tag_run(context: OpExecutionContext | AssetExecutionContext, workspace: Workspace) -> None:
    """Tag the run with its experiment and, once known, its data set, unless it has these tags.

    Raises:
        HbacError: the experiment's file is invalid.
    """
    tags = {"experiment": workspace.experiment.load().name, "data": workspace.data_key()}
    new = {name: value for name, value in tags.items() if value and context.run.tags.get(name) != value}
    if new:
        context.instance.add_run_tags(context.run.run_id, new)


def stage(
    *, group: str, kinds: set[str], page: str, deps: Sequence[AssetsDefinition] = (), leases: bool = False
) -> Callable[[Callable[..., MaterializeResult]], AssetsDefinition]:
    """Decorate the function of an asset: Dagster's `asset` around a `step`.

    Args:
        group: of the asset.
        kinds: Dagster's kinds, for its tools and formats.
        page: of the documentation, which explains it.
        deps: the assets that produce its artifact's inputs, as in `lineage`.
        leases: whether the step leases a device.
    """

    def decorate(function: Callable[..., MaterializeResult]) -> AssetsDefinition:
        version = CODE_VERSIONS[function.__name__]
        declared = asset(
            deps=deps,
            group_name=group,
            kinds=kinds,
            owners=OWNERS,
            code_version=version,
            description=described(str(function.__doc__), page),
            metadata=explained(page),
            op_tags=LEASED if leases else None,
        )
        return declared(step(function))

    return decorate


def described(docstring: str, page: str) -> str:
    """Return the description of an asset: its docstring and the page that explains it."""
    return f"{inspect.cleandoc(docstring)}\n\nExplained in `{page}`."


def explained(page: str) -> dict[str, PathMetadataValue]:
    """Return a reference to a page of the documentation, if installed: a wheel has none."""
    path = PROJECT_FOLDER / page
    return {"explained in": MetadataValue.path(path)} if path.is_file() else {}


def data_version(*artifacts: Artifact) -> DataVersion:
    """Return the data version of an asset, by which Dagster decides whether downstream assets are out of date.

    Raises:
        HbacError: an artifact is missing or not made from the present inputs.
    """
    return DataVersion(fingerprint([artifact.digest() for artifact in artifacts]))


class Progress:
    """Logs the progress of long work, with rate and time left, every few seconds and at the end."""

    def __init__(self, log: logging.Logger, what: str) -> None:
        """Start the clock; `what` names the items counted, in the plural."""
        self._log = log
        self._what = what
        self._began = self._logged = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        """Record that `done` of `total` are done."""
        now = time.monotonic()
        if done < total and now - self._logged < LOG_EVERY_SECONDS:
            return
        self._logged = now
        rate = done / max(now - self._began, 1e-9)
        left = f", {(total - done) / rate:.0f} s left" if 0 < done < total else ""
        self._log.info(f"{done} of {total} {self._what}, {rate:.1f} a second{left}")
