"""A run of Dagster whose process was killed is reported as failed, and no other."""

import os
import subprocess
import sys

from dagster import DagsterInstance, DagsterRunStatus, job, op

from hbac_assets.execution.processes import identity
from hbac_assets.execution.runs import PROCESS_TAG, report_dead_runs


@op
def wait():
    pass


@job
def waiting():
    wait()


def test_dead_runs_are_reported_and_living_ones_are_not():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        killed = {PROCESS_TAG: identity(process.pid)}
        process.kill()
    with DagsterInstance.ephemeral() as instance:
        dead, living, unknown = (
            instance.create_run_for_job(waiting, status=DagsterRunStatus.STARTED, tags=tags).run_id
            for tags in (killed, {PROCESS_TAG: identity(os.getpid())}, {})
        )
        assert report_dead_runs(instance) == [dead]
        assert instance.get_run_by_id(dead).status == DagsterRunStatus.FAILURE
        for run in (living, unknown):
            assert instance.get_run_by_id(run).status == DagsterRunStatus.STARTED
