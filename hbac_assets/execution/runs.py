"""Runs of Dagster that were killed: a dead run cannot report its own end."""

from dagster import DagsterInstance, DagsterRunStatus, RunsFilter

from hbac_assets.execution.processes import is_gone, running_process

PROCESS_TAG = "hbac/process"
UNFINISHED = RunsFilter(statuses=[DagsterRunStatus.STARTING, DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING])


def sign_run(instance: DagsterInstance, run_id: str) -> None:
    """Tag the run with the process that executes it, so that others can tell when it is gone."""
    run = instance.get_run_by_id(run_id)
    if run is not None and PROCESS_TAG not in run.tags:
        instance.add_run_tags(run_id, {PROCESS_TAG: running_process()})


def report_dead_runs(instance: DagsterInstance) -> list[str]:
    """Report runs as failed whose process is gone, and return their ids."""
    dead = [run for run in instance.get_runs(UNFINISHED) if PROCESS_TAG in run.tags and is_gone(run.tags[PROCESS_TAG])]
    for run in dead:
        instance.report_run_failed(run, f"the process of this run was killed ({run.tags[PROCESS_TAG]})")
    return [run.run_id for run in dead]
