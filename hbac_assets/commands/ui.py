"""Serve Dagster, with its daemon, and MLflow on this machine, until Ctrl-C.

They listen on 127.0.0.1, on the ports HBAC_DAGSTER_PORT (3000) and HBAC_MLFLOW_PORT (5000). Their logs go to files,
whose folder is printed.
"""

import argparse
import json
import os
import signal
import time
import urllib.request
from contextlib import suppress

from hbac_assets.commands.servers import HOST, Server, free_port, start, stop, wait_until_ready, watch_for
from hbac_assets.commands.terminal import Terminal, duration
from hbac_assets.errors import HbacError
from hbac_assets.execution.sockets import short_folder
from hbac_assets.resources.dagster_home import open_instance
from hbac_assets.resources.paths import DATA_FOLDER, require_plain_paths
from hbac_assets.resources.tracking_database import follow_moved_artifacts, make_whole, require_present_schema
from hbac_assets.resources.tracking_experiment import EXPERIMENT_TAGS, scores_page
from hbac_assets.resources.tracking_uri import masked, require_usable
from hbac_assets.store.files import write_faults

BACKEND_URI = "MLFLOW_BACKEND_STORE_URI"
SERVERS = {
    "Dagster": (("dagster", "dev", "--module-name", "hbac_assets", "--log-level", "warning"), "/server_info"),
    "MLflow": (("mlflow", "ui", "--workers", "1"), "/health"),
}
"""The module and its arguments, and the path that answers once the server is ready."""
PORTS = {"HBAC_DAGSTER_PORT": 3000, "HBAC_MLFLOW_PORT": 5000}
"""The default ports of Dagster and MLflow."""
LOGS_FOLDER = DATA_FOLDER / "logs"
MOST_EXPERIMENTS = 1000
ANSWER_SECONDS = 30


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add no options."""


def main(options: argparse.Namespace) -> int:
    """Start both servers, report when they are ready, wait for a signal, and stop both.

    Raises:
        HbacError: a port is taken, the databases cannot be created or read, or a server has ended by itself.
    """
    terminal, began = Terminal(), time.monotonic()
    ports = free_ports()
    for number in (signal.SIGINT, signal.SIGTERM):  # SIGINT too: a shell's background jobs ignore it
        signal.signal(number, _interrupt)
    terminal.line(f"starting {' and '.join(ports)}; their logs are in {LOGS_FOLDER}")
    newest = make_databases()
    servers: list[Server] = []
    try:
        servers += start_all(ports)
        wait_until_ready(servers, lambda text: terminal.move(f"{text}, {duration(time.monotonic() - began)}"))
        terminal.move("")
        terminal.line(f"ready after {duration(time.monotonic() - began)}; Ctrl-C stops")
        print(*pages(servers, newest), sep="\n", flush=True)
        while True:
            watch_for(servers, 0.5)
    except KeyboardInterrupt:
        return 0
    finally:
        terminal.move("")
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        stop(servers)


def free_ports() -> dict[str, int]:
    """Return the ports of the servers to start, by name; an MLflow server that already runs needs none.

    Raises:
        HbacError: one is taken, or both are the same.
    """
    dagster, mlflow = PORTS
    ports = {"Dagster": free_port(dagster, PORTS[dagster])}
    if not os.environ[BACKEND_URI].startswith("http"):
        ports["MLflow"] = free_port(mlflow, PORTS[mlflow])
    if len(set(ports.values())) < len(ports):
        raise HbacError(f"HBAC_MLFLOW_PORT: expected another port than Dagster's, found {ports['MLflow']}; correct it")
    return ports


def pages(servers: list[Server], newest: str) -> list[str]:
    """Return lines with the addresses of the servers, of Dagster's newest run and MLflow's newest experiment."""
    dagster, *mlflow = servers
    experiment = newest_experiment(mlflow[0].page) if mlflow else ""
    addresses = {
        "Dagster": dagster.page,
        "  newest run": newest and f"{dagster.page}/runs/{newest}",
        "MLflow": mlflow[0].page if mlflow else masked(os.environ[BACKEND_URI]),
        "  newest experiment": experiment,
    }
    return [f"{name:<21}{page}" for name, page in addresses.items() if page]


def start_all(ports: dict[str, int]) -> list[Server]:
    """Start the servers that have a port.

    Raises:
        HbacError: no folder is suitable for sockets, or the logs cannot be written.
    """
    with write_faults(LOGS_FOLDER):
        LOGS_FOLDER.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"TMPDIR": short_folder()}
    servers = []
    for name, port in ports.items():
        command, ready = SERVERS[name]
        arguments = [*command, "--host", HOST, "--port", str(port)]
        servers.append(start(name, arguments, port, ready, LOGS_FOLDER, environment))
    return servers


def make_databases() -> str:
    """Create the databases that both servers read, if missing; a concurrent run may do the same.

    Returns:
        The id of Dagster's newest run; empty if there is none.

    Raises:
        HbacError: one cannot be created or read.
    """
    require_plain_paths()
    uri, artifacts = os.environ[BACKEND_URI], DATA_FOLDER / "mlartifacts"
    require_usable(uri, BACKEND_URI)
    try:
        make_whole(uri, artifacts)
        require_present_schema(uri)
        follow_moved_artifacts(uri, artifacts)
    except HbacError as error:
        raise HbacError(f"MLflow: {error}") from error
    with open_instance() as instance:
        return next((run.run_id for run in instance.get_runs(limit=1)), "")


def newest_experiment(page: str) -> str:
    """Return the address of the experiment with the newest run, sorted by score; empty if there is none."""
    with suppress(OSError, ValueError, KeyError, IndexError):
        experiments = _ask(page, "experiments/search", {"max_results": MOST_EXPERIMENTS})["experiments"]
        ids = [one["experiment_id"] for one in experiments]
        newest = {"experiment_ids": ids, "max_results": 1, "order_by": ["attributes.start_time DESC"]}
        experiment = _ask(page, "runs/search", newest)["runs"][0]["info"]["experiment_id"]
        for tag, value in EXPERIMENT_TAGS.items():  # an experiment of an earlier version lacks the view
            _ask(page, "experiments/set-experiment-tag", {"experiment_id": experiment, "key": tag, "value": value})
        return scores_page(page, experiment)
    return ""


def _ask(page: str, method: str, question: dict[str, object]) -> dict[str, list[dict[str, dict[str, str]]]]:
    """Return the answer of MLflow's REST interface (https://mlflow.org/docs/latest/rest-api.html)."""
    request = urllib.request.Request(  # noqa: S310
        f"{page}/api/2.0/mlflow/{method}", json.dumps(question).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:  # noqa: S310
        return dict(json.loads(answer.read()))


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt
