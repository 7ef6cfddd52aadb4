"""Runs that are interrupted at a chosen moment, and servers of MLflow that come and go."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import yaml
from mlflow import MlflowClient

from hbac_assets_tests.projects import make_project

EPOCHS = 40
RUN = (sys.executable, "-m", "hbac_assets.run")
EXPERIMENT = {
    "description": "One network on two folds, long enough to be interrupted.",
    "folds": 2,
    "members": {
        "small": {
            "backbone": "mobilenet_v3_small",
            "batchnorm_momentum": 0.9,
            "batch_size": 8,
            "epochs": EPOCHS,
            "preprocessing": {"window": 100, "image_size": [32, 48]},
        }
    },
}


def small_project(folder, **environment):
    """Return a project of that experiment, whose devices are its own."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "small.yaml").write_text(yaml.safe_dump(EXPERIMENT))
    (folder / "tmp").mkdir()
    ours = {"HBAC_EXPERIMENT": str(folder / "small.yaml"), "HBAC_MINIATURE": "0", "TMPDIR": str(folder / "tmp")}
    return make_project(folder, **ours, **environment)


def share(source, target, *names):
    """Let a project use what lies beside another's store: `synthetic` or `cache`."""
    for name in names:
        (target.folder / name).symlink_to(source.folder / name)


def wait_for(condition, seconds=300):
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def printed(project):
    """Return what a started command has printed."""
    return (project.folder / "started.log").read_text()


def wait_until_printed(project, process, text):
    """Wait until a started command prints a text; it must not end before."""
    wait_for(lambda: text in printed(project) or process.poll() is not None)
    assert text in printed(project), printed(project)


def session(process):
    """Return the processes of the session that a started command leads, itself included."""
    members = []
    for one in psutil.process_iter():
        with suppress(psutil.Error, ProcessLookupError):
            if os.getsid(one.pid) == process.pid and one.status() != psutil.STATUS_ZOMBIE:
                members.append(one)
    return members


def command_line(process):
    """Return the command line of a process, empty if it has ended."""
    with suppress(psutil.Error):
        return process.cmdline()
    return []


def seconds_until_gone(process, began):
    """Return how long it took until a command and all that it started were gone, or fail after a while."""
    while process.poll() is None or session(process):
        seconds = time.monotonic() - began
        assert seconds < 30, [command_line(one) for one in session(process)]
        time.sleep(0.05)
    return time.monotonic() - began


def free_port():
    """Return a port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@contextmanager
def mlflow_server(folder, port):
    """Serve MLflow on a port of this machine, from a database in `folder`."""
    command = [
        str(Path(sys.executable).parent / "mlflow"), "server", "--host", "127.0.0.1", "--port", str(port),
        "--workers", "1", "--backend-store-uri", f"sqlite:///{folder / 'server.db'}",
        "--artifacts-destination", str(folder / "server-artifacts"),
    ]  # fmt: skip
    environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with (folder / "server.log").open("ab") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=folder, start_new_session=True)
    try:
        wait_for(lambda: server.poll() is not None or answers(port))
        assert server.poll() is None, (folder / "server.log").read_text()
        yield server
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def answers(port):
    """Tell whether MLflow answers at a port."""
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
        return True
    return False


def logged_runs(uri, experiment):
    """Return MLflow's client and the runs of an experiment by name."""
    client = MlflowClient(uri)
    found = client.get_experiment_by_name(experiment)
    return client, {run.info.run_name: run for run in client.search_runs([found.experiment_id])}
