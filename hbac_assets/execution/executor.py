"""The executor: a process for each step, forked from a server that has imported the heavy packages once."""

import multiprocessing.forkserver
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from dagster import (
    DagsterEvent,
    DagsterSubprocessError,
    InitExecutorContext,
    executor,
    multiple_process_executor_requirements,
    multiprocess_executor,
)

# All are private to Dagster. `multiprocess_executor`, which is not, can be given all of the configuration below, but
# neither a block around a run nor a word on how a step's process ended; `RetryMode` is what its class asks for. The
# configuration of a run's resources is given to its steps, but not to its executor.
from dagster._core.execution.retries import RetryMode
from dagster._core.executor.multiprocess import MultiprocessExecutor
from dagster._core.system_config.objects import ResolvedRunConfig

from hbac_assets.errors import HbacError
from hbac_assets.execution.failures import CRASH, ended_abruptly, first_line, root
from hbac_assets.execution.interrupts import kill_steps, watched
from hbac_assets.execution.origin import place_run
from hbac_assets.execution.runs import sign_run
from hbac_assets.execution.sockets import use_short_folder
from hbac_assets.resources.store import Store

if TYPE_CHECKING:
    from dagster._core.execution.context.system import IStepContext, PlanOrchestrationContext
    from dagster._core.execution.plan.plan import ExecutionPlan
    from dagster._core.execution.plan.state import KnownExecutionState
    from dagster._utils.error import SerializableErrorInfo

# Dagster puts the second first if it is not listed.
PRELOADED = [
    "hbac_assets.execution.preload.before",
    MultiprocessExecutor.__module__,
    "hbac_assets.execution.preload.libraries",
    "hbac_assets.execution.preload.after",
]
WITH_SERVER = 255
"""The exit status that `multiprocessing` gives a process whose server has died."""


class StepProcesses(MultiprocessExecutor):
    """Dagster's multiprocess executor, whose steps end promptly on interrupts and report how they ended."""

    def execute(
        self, plan_context: "PlanOrchestrationContext", execution_plan: "ExecutionPlan"
    ) -> Iterator[DagsterEvent]:
        """Yield the events of the run.

        Raises:
            HbacError: steps cannot be started, or an error that the user can fix occurred outside of them.
        """
        use_short_folder()
        with run_in_progress(plan_context):
            yield from super().execute(plan_context, execution_plan)

    def log_failure_or_retry_event_after_error(
        self, step_context: "IStepContext", err_info: "SerializableErrorInfo", known_state: "KnownExecutionState"
    ) -> DagsterEvent:
        """Return the event of a failure; for a step that ended abruptly, with the cause."""
        if err_info.cls_name == CRASH:
            status = getattr(sys.exc_info()[1], "exit_code", None)
            server = _status_of_server() if status == WITH_SERVER else None
            err_info = err_info._replace(
                message=ended_abruptly("the process of this step", status)
                if server is None
                else ended_abruptly("the process that steps are forked from", server)
            )
        return super().log_failure_or_retry_event_after_error(step_context, err_info, known_state)


@contextmanager
def run_in_progress(plan_context: "PlanOrchestrationContext") -> Iterator[None]:
    """Make this process the run's during the block, which executes the steps; it ends promptly when interrupted.

    Raises:
        HbacError: an error that the user can fix occurred outside the steps.
    """
    with watched() as watch, _told(), _store_in_use(plan_context):
        sign_run(plan_context.instance, plan_context.run_id)
        place_run(plan_context.instance, plan_context.run_id)
        try:
            yield
        finally:
            if watch.number:
                kill_steps()  # all have ended; their server would take seconds to exit


@contextmanager
def _store_in_use(plan_context: "PlanOrchestrationContext") -> Iterator[None]:
    """Keep the run's store from being freed during the block, even between two steps."""
    job = plan_context.reconstructable_job.get_definition()
    configured = ResolvedRunConfig.build(job, plan_context.dagster_run.run_config).resources.get("store")
    if configured is None:
        yield
        return
    with Store(**configured.config).in_use(plan_context.log.info):
        yield


@contextmanager
def _told() -> Iterator[None]:
    """Turn known errors of the steps' processes into errors of one line."""
    try:
        yield
    except DagsterSubprocessError as error:
        for found in map(root, error.subprocess_error_infos):
            if found.cls_name == HbacError.__name__:
                raise HbacError(first_line(found)) from error
        raise
    except (EOFError, OSError) as error:
        if (status := _status_of_server()) is not None:
            raise HbacError(ended_abruptly("the process that steps are forked from", status)) from error
        raise


def _status_of_server() -> int | None:
    """Return the exit status of the server from which steps are forked; None if it runs."""
    pid: int = getattr(multiprocessing.forkserver._forkserver, "_forkserver_pid", None) or 0
    for _ in range(20 if pid else 0):  # its pipes close a moment before its end is visible
        if ended := os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG):
            return int(ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status)
        time.sleep(0.05)
    return None


_FIELDS: Mapping[str, Any] = getattr(multiprocess_executor.config_schema.config_type, "fields", {})
# How processes start is not configurable.
CONFIGURED = {name: _FIELDS[name] for name in ("max_concurrent", "retries", "tag_concurrency_limits")}


@executor(
    name="multiprocess",
    config_schema=CONFIGURED,
    requirements=multiple_process_executor_requirements(),
)
def step_processes(context: InitExecutorContext) -> StepProcesses:
    """Execute each step in a separate process, at most `max_concurrent` (by default the number of cores) at a time."""
    config: Mapping[str, Any] = context.executor_config
    return StepProcesses(
        RetryMode.from_config(config["retries"]) or RetryMode.ENABLED,
        max_concurrent=config["max_concurrent"],
        tag_concurrency_limits=config.get("tag_concurrency_limits"),
        start_method="forkserver",
        explicit_forkserver_preload=PRELOADED,
    )
