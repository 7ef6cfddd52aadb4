"""Ctrl-C and SIGTERM at any moment: all is gone within ten seconds; the same command finishes with the same bits."""

import os
import signal
import socket
import time

import pytest
from dagster import DagsterInstance

from hbac_assets_tests.faults.interrupting import (
    EPOCHS,
    RUN,
    command_line,
    logged_runs,
    printed,
    seconds_until_gone,
    session,
    share,
    small_project,
    wait_for,
    wait_until_printed,
)

SECONDS = 10
TOLD = "interrupted; the same command goes on from here"
MAKE = ("make", "-o", ".venv/.locked", "run")
MATERIALIZE = ("dagster", "asset", "materialize", "--select", "*trained_models")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """A project of the small experiment whose chain has run."""
    project = small_project(tmp_path_factory.mktemp("undisturbed"))
    done = project.run()
    assert done.returncode == 0, done.stdout + done.stderr
    return project


def ctrl_c(process):
    os.killpg(process.pid, signal.SIGINT)


def ctrl_c_twice(process):
    ctrl_c(process)
    time.sleep(1)
    if process.poll() is None:
        ctrl_c(process)


def interrupt(process):
    process.send_signal(signal.SIGINT)


def terminate(process):
    process.send_signal(signal.SIGTERM)


def terminate_all(process):
    os.killpg(process.pid, signal.SIGTERM)


def generating(project, process):
    wait_until_printed(project, process, "1 of 56 recordings")


def importing(project, process):
    """The process that steps are forked from imports what all of them need."""
    wait_for(lambda: any("forkserver" in part for one in session(process) for part in command_line(one)))
    time.sleep(0.5)


def compiling(project, process):
    wait_until_printed(project, process, "resident on the device")
    time.sleep(2)


def training(project, process):
    wait_until_printed(project, process, f"epoch 3/{EPOCHS}")


def hearing_nothing(project, process):
    """As in compiled code that takes long: no process but the run's own gets to hear of a signal."""
    training(project, process)
    for step in session(process):
        if any("forkserver" in part for part in command_line(step)):
            step.suspend()


@pytest.fixture
def stop(undisturbed, tmp_path, case):
    """Start a command, stop it at a moment, check that all is gone in time, and return the project."""

    def start_and_stop(command, how, moment, status, **environment):
        project = small_project(tmp_path / "project", **environment)
        shared = {generating: (), compiling: ("synthetic",)}.get(moment, ("synthetic", "cache"))
        share(undisturbed, project, *shared)
        process = project.start(*command)
        moment(project, process)
        began = time.monotonic()
        how(process)
        seconds = seconds_until_gone(process, began)
        case(
            f"{' '.join(command)[-30:]}: {how.__name__} while {moment.__name__}",
            f"gone within {SECONDS} s, exit status {status}",
            f"gone after {seconds:.1f} s, exit status {process.returncode}",
        )
        assert seconds < SECONDS, printed(project)
        assert process.returncode == status, printed(project)
        if command[0] != "dagster":
            assert TOLD in printed(project)
            assert "Traceback" not in printed(project)
        return project

    return start_and_stop


def finish(project, undisturbed):
    """Run the chain to its end; it must come to the same bits, and leave nothing open."""
    done = project.run()
    assert done.returncode == 0, done.stdout + done.stderr
    for file in ("oof.parquet", "submission.csv"):
        assert (project.results / file).read_bytes() == (undisturbed.results / file).read_bytes()
    with DagsterInstance.from_config(project.environment["DAGSTER_HOME"]) as instance:
        assert {run.status.value for run in instance.get_runs()} == {"SUCCESS", "FAILURE"}
    _, runs = logged_runs(project.environment["MLFLOW_TRACKING_URI"], "small")
    assert {run.info.status for run in runs.values()} == {"FINISHED"}
    assert not list(project.folder.rglob("*.partial*"))
    return done.stderr


def test_ctrl_c_in_training_keeps_the_checkpoint(stop, undisturbed):
    project = stop(RUN, ctrl_c, training, 130)
    assert list(project.folder.rglob("fold_*.checkpoint.npz"))
    output = finish(project, undisturbed)
    assert output.count(f"epoch 1/{EPOCHS}") + output.count(f"epoch 2/{EPOCHS}") < 4


CASES = [
    (RUN, terminate, training, 143),
    (RUN, terminate, generating, 143),
    (RUN, interrupt, importing, 130),
    (RUN, ctrl_c_twice, compiling, 130),
    (RUN, terminate_all, compiling, 143),
    (RUN, interrupt, hearing_nothing, 130),
    (MAKE, ctrl_c, training, 2),
    (MAKE, terminate, training, -15),
    (MATERIALIZE, ctrl_c, compiling, 1),
    (MATERIALIZE, interrupt, importing, 1),
    (MATERIALIZE, terminate, training, 1),
]


@pytest.mark.long
@pytest.mark.parametrize(("command", "how", "moment", "status"), CASES)
def test_all_is_gone_in_time(stop, command, how, moment, status):
    stop(command, how, moment, status)


@pytest.mark.long
def test_a_silent_mlflow_server_holds_no_stop_up(stop, undisturbed):
    with socket.create_server(("127.0.0.1", 0)) as silent:

        def asking_mlflow(project, process):
            silent.settimeout(300)
            silent.accept()

        stop(RUN, ctrl_c, asking_mlflow, 130, MLFLOW_TRACKING_URI=f"http://127.0.0.1:{silent.getsockname()[1]}")
