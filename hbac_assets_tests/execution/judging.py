"""Runs whose second step asks which runs are dead: `python -m hbac_assets_tests.execution.judging WAY…`.

For each way to execute the steps, prints a line of JSON: the process that ran, and what became of the run.
"""

import json
import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path

from dagster import (
    DagsterEventType,
    DagsterInstance,
    In,
    Nothing,
    ResourceParam,
    execute_job,
    executor,
    in_process_executor,
    job,
    multiprocess_executor,
    op,
    reconstructable,
)
from dagster._core.executor.step_delegating import CheckStepHealthResult, StepDelegatingExecutor, StepHandler

from hbac_assets.assets.step import step
from hbac_assets.execution import executor as ours
from hbac_assets.execution.runs import PROCESS_TAG, report_dead_runs
from hbac_assets.resources.environment import resources_from_environment
from hbac_assets.resources.views import Workspace


class Elsewhere(StepHandler):
    """Starts each step by a command, as on another host: the run's process is not its parent."""

    name = "elsewhere"

    def __init__(self):
        self._started = {}

    def launch_step(self, context):
        (key,) = context.execute_step_args.step_keys_to_execute
        command = context.execute_step_args.get_command_args(skip_serialized_namedtuple=False)
        self._started[key] = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        return iter(())

    def check_step_health(self, context):
        return CheckStepHealthResult.healthy()

    def terminate_step(self, context):
        return iter(())


@executor(name="elsewhere")
def elsewhere(context):
    return StepDelegatingExecutor(Elsewhere(), retries=ours.RetryMode.DISABLED, check_step_health_interval_seconds=1)


@executor(name="own")
def own(context):
    """Our executor with what it preloads, but for the heavy packages."""
    return ours.StepProcesses(
        ours.RetryMode.DISABLED,
        max_concurrent=1,
        start_method="forkserver",
        explicit_forkserver_preload=["hbac_assets_tests.execution.judging"],
    )


@op
@step
def begins(context, workspace: ResourceParam[Workspace]) -> None:
    """Does nothing, unless the run's own parent is to end first."""
    if "SERVED" in os.environ and (server := multiprocessing.parent_process()):
        server.join()
        time.sleep(0.5)  # for who would end with it


@op(ins={"after": In(Nothing)})
@step
def judges(context, workspace: ResourceParam[Workspace]) -> None:
    """Reports the dead as another run would."""
    report_dead_runs(context.instance)


EXECUTORS = {
    "in_process": in_process_executor,
    "multiprocess": multiprocess_executor.configured(
        {"start_method": {"forkserver": {"preload_modules": [__spec__.name]}}}
    ),
    "own": own,
    "elsewhere": elsewhere,
}


def judged(name):
    """Return the job of both steps with the executor of that name."""

    @job(name=name, executor_def=EXECUTORS[name], resource_defs=resources_from_environment())
    def both():
        judges(begins())

    return both


def in_process():
    return judged("in_process")


def multiprocess():
    return judged("multiprocess")


def with_own():
    return judged("own")


def with_steps_elsewhere():
    return judged("elsewhere")


def run(name, **options):
    """Execute a job here and return what became of it."""
    from hbac_assets_tests.execution import judging as this  # by the name by which the steps know it

    with DagsterInstance.get() as instance:
        with execute_job(reconstructable(getattr(this, name)), instance, raise_on_error=False, **options) as result:
            found = instance.get_run_by_id(result.run_id)
            failures = instance.all_logs(result.run_id, of_type=DagsterEventType.RUN_FAILURE)
        return {
            "pid": os.getpid(),
            "run": found.run_id,
            "status": found.status.value,
            "taken_for_dead": len(failures),
            "signed": found.tags.get(PROCESS_TAG, ""),
        }


def run_in_a_process_of_its_own(file):
    """Execute a job as the server of a code location does, which ends before the run."""
    os.environ["SERVED"] = "1"
    Path(f"{file}.partial").write_text(json.dumps(run("in_process")))
    Path(f"{file}.partial").rename(file)


if __name__ == "__main__":
    from hbac_assets_tests.execution import judging

    if sys.argv[1] == "served":
        target = judging.run_in_a_process_of_its_own
        multiprocessing.get_context("spawn").Process(target=target, args=(sys.argv[2],)).start()
        os._exit(0)
    for way in sys.argv[1:]:
        name, _, again = way.partition(":")  # with the tags of a run, as Dagster's pages and retries copy them
        with DagsterInstance.get() as instance:
            first = instance.get_run_by_id(again) if again else None
        print(json.dumps(run(name, tags=first and {PROCESS_TAG: first.tags[PROCESS_TAG]})), flush=True)
