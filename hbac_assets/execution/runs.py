"""The process of a Dagster run, by which other code decides whether the run is alive.

A run is the process in which its executor runs. That process signs the run: its identity and the run's id become a tag.
An executor of this project does so before the first step (`sign_run`). Under any other executor, a step does it
(`join_run`): Dagster's own `in_process_executor` and
`multiprocess_executor` record the id of the run's process when they begin, and their steps are in that process or are
spawned by it. A step signs the run if that id is its own or its parent's. Any other step, on another host or started in
another way, does not sign: its process may end long before the run.

- A tag counts only for the run that it names. Dagster copies the tags of a re-executed run to the new run, which would
  be judged dead by the process of the old one.
- A run that is resumed by another process is signed again.
- A run without such a tag may be alive and is left alone, as is one whose process cannot be judged from here: on
  another host, in another container (`processes.is_gone`).
- Steps end with the run if their parent is the run's process. The parent of a run launched in Dagster's UI is the code
  server, which may be replaced while the run continues.

Records that a step writes elsewhere for the run, such as MLflow's runs, carry the process that `process_of` returns.
"""

import multiprocessing
import os
from contextlib import suppress

from dagster import DagsterEventType, DagsterInstance, DagsterRun, DagsterRunStatus, RunsFilter, TextMetadataValue

from hbac_assets.execution.processes import UNKNOWN, end_with_parent, identity, is_gone, pid_here

PROCESS_TAG = "hbac/process"
UNFINISHED = RunsFilter(statuses=[DagsterRunStatus.STARTING, DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING])


def sign_run(instance: DagsterInstance, run_id: str, pid: int | None = None) -> None:
    """Tag the run with its process.

    Args:
        instance: Dagster's.
        run_id: the run's id.
        pid: of its process; by default the calling process, as for an executor.

    Raises:
        ProcessLookupError: there is no such process.
    """
    instance.add_run_tags(run_id, {PROCESS_TAG: f"{identity(pid or os.getpid())} {run_id}"})


def join_run(instance: DagsterInstance, run_id: str) -> None:
    """Let this step's process end with the run; sign the run if its executor did not."""
    parent = multiprocessing.parent_process()
    candidates = [os.getpid(), parent.pid] if parent else [os.getpid()]
    signed = process_of(instance, run_id)
    pid = pid_here(signed)
    if pid not in candidates or is_gone(signed):
        pid = _recorded_pid(instance, run_id)
        if pid in candidates:
            with suppress(ProcessLookupError):
                sign_run(instance, run_id, pid)
    if parent and pid == parent.pid:
        end_with_parent()


def process_of(instance: DagsterInstance, run_id: str) -> str:
    """Return the identity of a run's process, `UNKNOWN` if it is not signed."""
    run = instance.get_run_by_id(run_id)
    return _signature(run) if run else UNKNOWN


def run_of_this_process(instance: DagsterInstance) -> str:
    """Return the id of this process' run, once its executor has signed it; empty before."""
    own = identity(os.getpid())
    return next((run.run_id for run in instance.get_runs(UNFINISHED) if _signature(run) == own), "")


def report_dead_runs(instance: DagsterInstance, own_run: str = "") -> list[str]:
    """Report runs whose process is gone as failed, and return their ids.

    Args:
        instance: Dagster's.
        own_run: the id of the calling run, which is alive.
    """
    dead = [run for run in instance.get_runs(UNFINISHED) if run.run_id != own_run and is_gone(_signature(run))]
    for run in dead:
        instance.report_run_failed(run, f"the process of this run was killed ({_signature(run)})")
    return [run.run_id for run in dead]


def _signature(run: DagsterRun) -> str:
    process, _, run_id = run.tags.get(PROCESS_TAG, "").rpartition(" ")
    return process if run_id == run.run_id else UNKNOWN


def _recorded_pid(instance: DagsterInstance, run_id: str) -> int:
    """Return the id of the run's process as last recorded by an executor of Dagster, 0 if none was.

    That event also names the steps. Other events have the id of a process that merely launches the run.
    """
    recorded = 0
    for entry in instance.all_logs(run_id, of_type=DagsterEventType.ENGINE_EVENT):
        known = entry.get_dagster_event().engine_event_data.metadata
        pid = known.get("pid")
        if "step_keys" in known and isinstance(pid, TextMetadataValue):
            recorded = int(pid.text or 0)
    return recorded
