"""A Dagster run whose process was killed is reported as failed, and no other, with any executor."""

import json
import os
import subprocess
import sys
import time

import pytest
from dagster import DagsterInstance, DagsterRunStatus, job, op

from hbac_assets.execution.processes import UNKNOWN, identity, pid_here
from hbac_assets.execution.runs import PROCESS_TAG, process_of, report_dead_runs, run_of_this_process, sign_run
from hbac_assets_tests.projects import make_project

JUDGING = (sys.executable, "-m", "hbac_assets_tests.execution.judging")
WAYS = ("in_process", "multiprocess", "with_own", "with_steps_elsewhere")


@op
def wait():
    pass


@job
def waiting():
    wait()


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return make_project(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def judged(project):
    """What became of a run for each way to execute its steps, all in one process that has ended."""
    done = project.command(*JUDGING, *WAYS)
    assert done.returncode == 0, done.stderr
    return dict(zip(WAYS, map(json.loads, done.stdout.splitlines()), strict=True))


def test_dead_runs_are_reported_and_living_ones_are_not():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        killed = identity(process.pid)
        process.kill()
    with DagsterInstance.ephemeral() as instance:
        dead, own, living, unknown, again = (
            instance.create_run_for_job(waiting, status=DagsterRunStatus.STARTED).run_id for _ in range(5)
        )
        for run in (dead, own):
            instance.add_run_tags(run, {PROCESS_TAG: f"{killed} {run}"})
        instance.add_run_tags(again, {PROCESS_TAG: f"{killed} {dead}"})  # as Dagster copies it, not signed anew yet
        assert run_of_this_process(instance) == ""
        sign_run(instance, living)
        assert run_of_this_process(instance) == living
        assert process_of(instance, living) == identity(os.getpid())
        assert process_of(instance, unknown) == UNKNOWN
        assert report_dead_runs(instance, own_run=own) == [dead]
        assert instance.get_run_by_id(dead).status == DagsterRunStatus.FAILURE
        for run in (own, living, unknown, again):
            assert instance.get_run_by_id(run).status == DagsterRunStatus.STARTED


@pytest.mark.parametrize("way", WAYS)
def test_a_live_run_is_not_taken_for_dead(judged, way):
    assert (judged[way]["status"], judged[way]["taken_for_dead"]) == ("SUCCESS", 0)


@pytest.mark.parametrize("way", ["in_process", "multiprocess", "with_own"])
def test_a_run_is_signed_by_its_own_process(judged, way):
    process, _, run = judged[way]["signed"].rpartition(" ")
    assert (pid_here(process), run) == (judged[way]["pid"], judged[way]["run"])


def test_a_step_that_is_no_child_of_the_run_does_not_sign_it(judged):
    assert judged["with_steps_elsewhere"]["signed"] == ""


def test_a_run_executed_again_is_not_judged_by_the_process_of_the_first(project, judged):
    done = project.command(*JUDGING, f"in_process:{judged['in_process']['run']}")
    assert done.returncode == 0, done.stderr
    again = json.loads(done.stdout)
    assert (again["status"], again["taken_for_dead"]) == ("SUCCESS", 0)
    assert again["signed"].endswith(again["run"])
    assert f":{again['pid']}:" in again["signed"]


def test_a_run_goes_on_without_the_server_that_started_it_and_is_not_taken_for_it(project):
    file = project.folder / "served.json"
    assert project.start(*JUDGING, "served", str(file)).wait() == 0
    deadline = time.monotonic() + 60
    while not file.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    served = json.loads(file.read_text())
    assert (served["status"], served["taken_for_dead"]) == ("SUCCESS", 0)
    assert f":{served['pid']}:" in served["signed"]
