"""Show Dagster, with its daemon, and MLflow on this machine, until Ctrl-C.

HBAC_DAGSTER_PORT and HBAC_MLFLOW_PORT are their ports on 127.0.0.1: 3000 and 5000 without them.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

from hbac_assets.errors import HbacError
from hbac_assets.execution.sockets import short_folder
from hbac_assets.resources.dagster_home import open_instance
from hbac_assets.resources.paths import DATA_FOLDER, require_plain_paths
from hbac_assets.resources.tracking_database import follow_moved_artifacts, make_whole, require_present_schema
from hbac_assets.resources.tracking_uri import masked, require_usable

BACKEND_URI = "MLFLOW_BACKEND_STORE_URI"
HOST = "127.0.0.1"
STOP_SECONDS = 8


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add none."""


def main(options: argparse.Namespace) -> int:
    """Start both servers, wait until one ends or a signal comes, and stop both.

    Raises:
        HbacError: the databases that they read cannot be made or read.
    """
    dagster_port = os.environ.get("HBAC_DAGSTER_PORT", "3000")
    mlflow_port = os.environ.get("HBAC_MLFLOW_PORT", "5000")
    tracking = os.environ[BACKEND_URI]
    pages = {"Dagster": f"http://{HOST}:{dagster_port}", "MLflow": f"http://{HOST}:{mlflow_port}"}
    commands = [
        [
            "dagster",
            "dev",
            "--module-name",
            "hbac_assets",
            "--host",
            HOST,
            "--port",
            dagster_port,
            "--log-level",
            "warning",
        ]
    ]
    if tracking.startswith("http"):  # a server that runs already
        pages["MLflow"] = masked(tracking)
    else:
        commands.append(["mlflow", "ui", "--host", HOST, "--port", mlflow_port, "--workers", "1"])
    for number in (signal.SIGINT, signal.SIGTERM):  # SIGINT too: a shell's background jobs ignore it
        signal.signal(number, _interrupt)
    environment = os.environ | {"TMPDIR": short_folder()}
    make_databases()
    servers = [
        subprocess.Popen([sys.executable, "-m", *command], env=environment, start_new_session=True)
        for command in commands
    ]
    print(*(f"{name:9}{page}" for name, page in pages.items()), "Ctrl-C to stop", sep="\n", flush=True)
    try:
        while all(server.poll() is None for server in servers):
            time.sleep(0.5)
    except KeyboardInterrupt:
        return 0
    finally:
        stop(servers)
    print("a server ended by itself; see its last lines above", file=sys.stderr)
    return 1


def make_databases() -> None:
    """Make those that both servers read, where they are missing; a run may do the same at this moment.

    Raises:
        HbacError: one cannot be made or read.
    """
    require_plain_paths()
    uri, artifacts = os.environ[BACKEND_URI], DATA_FOLDER / "mlartifacts"
    require_usable(uri, BACKEND_URI)
    make_whole(uri, artifacts)
    try:
        require_present_schema(uri)
        follow_moved_artifacts(uri, artifacts)
    except HbacError as error:
        raise HbacError(f"MLflow: {error}") from error
    with open_instance():
        pass


def stop(servers: list[subprocess.Popen[bytes]]) -> None:
    """Ask each server and its children to end, and end those that do not within a few seconds."""
    for server in servers:
        _signal_group(server, signal.SIGINT)
    deadline = time.monotonic() + STOP_SECONDS
    for server in servers:
        with suppress(subprocess.TimeoutExpired):
            server.wait(max(0.1, deadline - time.monotonic()))
        _signal_group(server, signal.SIGKILL)
        server.wait()


def _signal_group(server: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Signal every process that a server started; its session is its own."""
    with suppress(ProcessLookupError):
        os.killpg(server.pid, number)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt
