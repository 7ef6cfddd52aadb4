"""Ctrl-C and SIGTERM at any moment: all processes end within ten seconds; the same command gives the same bits."""

import os
import signal
import socket
import time
from contextlib import suppress

import psutil
import pytest

from hbac_assets.execution.interrupts import INTERRUPTED_MESSAGE
from hbac_assets_tests.faults.requirements import require_finishes
from hbac_assets_tests.faults.small import small_project
from hbac_assets_tests.projects import HBAC, said, wait_until

SECONDS = 10
RUN = (*HBAC, "run")
MAKE = ("make", "-o", ".venv/.locked", "run")
MATERIALIZE = ("dagster", "asset", "materialize", "--select", "*trained_models")


def ctrl_c(process):
    os.killpg(process.pid, signal.SIGINT)


def ctrl_c_twice(process):
    ctrl_c(process)
    time.sleep(1)
    with suppress(ProcessLookupError):
        ctrl_c(process)


def interrupt(process):
    process.send_signal(signal.SIGINT)


def terminate(process):
    process.send_signal(signal.SIGTERM)


def terminate_all(process):
    os.killpg(process.pid, signal.SIGTERM)


def printed(project):
    return (project.folder / "started.log").read_text()


def generating(project, process):
    wait_until(lambda: next(project.folder.glob("synthetic/*/train_eegs/*.parquet"), None) is not None, process)


def importing(project, process):
    """The process that steps are forked from imports what all of them need."""
    wait_until(lambda: forked(process), process)
    time.sleep(0.5)


def compiling(project, process):
    wait_until(lambda: said(project, "fold 0: compiling"), process)
    time.sleep(2)


def training(project, process):
    wait_until(lambda: said(project, "epoch 2/"), process)


def hearing_nothing(project, process):
    """As in compiled code that takes long: no process but the run's own gets to hear of a signal."""
    training(project, process)
    for one in forked(process):
        one.suspend()


def session(process):
    """Return the processes of the session that a started command leads, itself included."""
    members = []
    for one in psutil.process_iter():
        with suppress(psutil.Error, ProcessLookupError):
            if os.getsid(one.pid) == process.pid and one.status() != psutil.STATUS_ZOMBIE:
                members.append(one)
    return members


def forked(process):
    """Return the steps of a started command and the server that they are forked from."""
    found = []
    for one in session(process):
        with suppress(psutil.Error):
            if "multiprocessing.forkserver" in " ".join(one.cmdline()):
                found.append(one)
    return found


def seconds_until_gone(process):
    """Return how long it takes until a command and all that it started are gone; fail if that is too long by far."""
    began = time.monotonic()
    while process.poll() is None or session(process):
        assert time.monotonic() - began < 3 * SECONDS, session(process)
        time.sleep(0.05)
    return time.monotonic() - began


@pytest.fixture
def stop(undisturbed, tmp_path, case):
    """Start a command, stop it at a moment, check that all is gone in time, and return the project."""

    def start_and_stop(command, how, moment, status, **environment):
        project = small_project(tmp_path / "project", **environment)
        for name in {generating: (), compiling: ("synthetic",)}.get(moment, ("synthetic", "cache")):
            (project.folder / name).symlink_to(undisturbed.folder / name)
        process = project.start(*command)
        moment(project, process)
        how(process)
        seconds = seconds_until_gone(process)
        case(
            f"{how.__name__}, {' '.join(command[1:3])}, {moment.__name__}",
            f"gone within {SECONDS} s, exit status {status}",
            f"gone after {seconds:.1f} s, exit status {process.returncode}",
        )
        assert seconds < SECONDS, printed(project)
        assert process.returncode == status, printed(project)
        if command != MATERIALIZE:
            assert INTERRUPTED_MESSAGE in printed(project)
            assert "Traceback" not in printed(project)
            assert "Warning" not in printed(project)
        return project

    return start_and_stop


@pytest.mark.long
def test_ctrl_c_in_training_keeps_the_checkpoint_and_the_same_command_finishes(stop, undisturbed):
    project = stop(RUN, ctrl_c, training, 130)
    assert list(project.folder.rglob("*checkpoint*.npz"))
    require_finishes(project, undisturbed)


@pytest.mark.long
@pytest.mark.parametrize(
    ("command", "how", "moment", "status"),
    [
        (RUN, terminate, generating, 143),
        (RUN, interrupt, importing, 130),
        (RUN, ctrl_c_twice, compiling, 130),
        (RUN, terminate_all, compiling, 143),
        (RUN, interrupt, hearing_nothing, 130),
        (MAKE, ctrl_c, training, -signal.SIGINT),
        (MAKE, terminate, training, -signal.SIGTERM),
        (MATERIALIZE, ctrl_c, compiling, 1),
        (MATERIALIZE, interrupt, importing, 1),
        (MATERIALIZE, terminate, training, 1),
    ],
    ids=lambda one: getattr(one, "__name__", None) or (one[1] if isinstance(one, tuple) else str(one)),
)
def test_all_is_gone_in_time(stop, command, how, moment, status):
    stop(command, how, moment, status)


@pytest.mark.long
def test_a_silent_mlflow_server_holds_no_stop_up(stop):
    with socket.create_server(("127.0.0.1", 0)) as silent:

        def asking_mlflow(project, process):
            silent.settimeout(300)
            silent.accept()

        stop(RUN, ctrl_c, asking_mlflow, 130, MLFLOW_TRACKING_URI=f"http://127.0.0.1:{silent.getsockname()[1]}")


@pytest.mark.long
def test_a_killed_run_resumes_as_well(stop, undisturbed):
    project = stop(RUN, terminate, hearing_nothing, 143)
    require_finishes(project, undisturbed)
