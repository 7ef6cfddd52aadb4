"""A run that goes wrong outside the code of its steps: `python -m hbac_assets_tests.faults.crashing CASE`.

Prints the lines that `make run` would end with, one for each failure, and the failures that have a stack trace in
Dagster's pages, as JSON.
"""

import json
import multiprocessing
import os
import signal
import sys

import psutil
from dagster import DagsterInstance, ResourceParam, execute_job, executor, job, op, reconstructable

from hbac_assets.assets.step import step
from hbac_assets.commands.follower import Follower
from hbac_assets.commands.run import SILENT
from hbac_assets.commands.terminal import Terminal
from hbac_assets.errors import HbacError
from hbac_assets.execution import executor as ours
from hbac_assets.execution.failures import first_failure, in_words
from hbac_assets.resources.environment import resources_from_environment
from hbac_assets.resources.views import Workspace

SIGNALS = (signal.SIGABRT, signal.SIGILL, signal.SIGBUS, signal.SIGSEGV, signal.SIGKILL)


@executor(name="quickly_started")
def quickly_started(context):
    """Our executor with what it preloads, but for the heavy packages."""
    light = [name for name in ours.PRELOADED if name.endswith((".before", ".multiprocess"))]
    return ours.StepProcesses(
        ours.RetryMode.ENABLED,
        max_concurrent=2,
        start_method="forkserver",
        explicit_forkserver_preload=[*light, *os.environ["PRELOADED_TOO"].split()],
    )


@executor(name="defective")
def defective(context):
    """Our executor with a defect."""
    return ours.StepProcesses(
        ours.RetryMode.ENABLED, max_concurrent=1, start_method="forkserver", explicit_forkserver_preload=[None]
    )


def ending_by(number):
    """Return an op whose process gets a signal."""

    @op(name=signal.Signals(number).name)
    def ends():
        os.kill(os.getpid(), number)

    return ends


@op
def leaves():
    """End the process as XLA does when it finds a flag that it does not know."""
    os._exit(1)


@op
def ends_the_server():
    """End the process that this one is forked from, and this one after it."""
    server = psutil.Process().parent()
    server.send_signal(signal.SIGSEGV)
    server.wait()
    os._exit(1)


@op
def does_nothing():
    """Do nothing."""


@job(executor_def=quickly_started)
def crashing():
    """A step for each way to end abruptly."""
    for number in SIGNALS:
        ending_by(number)()
    leaves()


@job(executor_def=quickly_started)
def orphaning():
    """A step whose server ends."""
    ends_the_server()


@job(executor_def=quickly_started)
def harmless():
    """A step that would succeed if it could be started."""
    does_nothing()


@op
@step
def refuses(workspace: ResourceParam[Workspace]) -> None:
    """Fail by what a user can mend."""
    raise HbacError("train.csv: missing; put it back")


@op
@step
def errs(workspace: ResourceParam[Workspace]) -> None:
    """Fail by a defect."""
    raise ZeroDivisionError


@job(executor_def=quickly_started, resource_defs=resources_from_environment())
def failing():
    """A step for each way to fail."""
    refuses()
    errs()


@job(executor_def=defective)
def unstartable():
    """A step that no process is started for."""
    does_nothing()


def traced(events):
    """Return the steps whose failure has a stack trace, and `run` if that of the run has one."""
    errors = {
        event.step_key or "run": event.step_failure_data.error
        if event.is_step_failure
        else event.job_failure_data.error
        for event in events
        if event.is_failure
    }
    return sorted(name for name, error in errors.items() if error and error.stack)


def unloadable():
    """Return a job that the steps' processes cannot load."""
    if multiprocessing.parent_process():
        raise HbacError("mine.yaml: missing; put it back")
    return harmless


if __name__ == "__main__":
    from hbac_assets_tests.faults import crashing as this  # by the name by which the steps know it

    with (
        DagsterInstance.get() as instance,
        Follower(instance, Terminal()) as follower,
        execute_job(
            reconstructable(getattr(this, sys.argv[1])), instance, run_config={"loggers": SILENT}, raise_on_error=False
        ) as result,
    ):
        follower.end(result.run_id)
        events = result.all_events
        lines = [line for event in events if (line := in_words(event))]
        print(json.dumps({"lines": lines, "last": first_failure(events), "traced": traced(events)}))
