"""`hbac ui` in any folder: both servers answer on this machine alone, show what was made, and stop together."""

import json
import signal
import time
import urllib.request
from contextlib import closing
from socket import create_server

import psutil
import pytest

from hbac_assets_tests.projects import HBAC

ASSETS = """
{ assetNodes { assetKey { path } opNames partitionStats { numMaterialized numPartitions } } }
"""


def free_port():
    with closing(create_server(("127.0.0.1", 0))) as server:
        return str(server.getsockname()[1])


def ask(url, query=None):
    body = None if query is None else json.dumps({"query": query}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read().decode()


def ask_when_ready(url, query=None, seconds=120):
    deadline = time.monotonic() + seconds
    while True:
        try:
            return ask(url, query)
        except OSError:
            assert time.monotonic() < deadline, f"{url} does not answer"
            time.sleep(0.5)


def addresses_listened_on(processes):
    connections = [one for process in processes for one in process.net_connections(kind="inet")]
    return {one.laddr.ip for one in connections if one.status == psutil.CONN_LISTEN}


@pytest.fixture
def servers(finished, tmp_path):
    project, _ = finished
    ports = {"HBAC_DAGSTER_PORT": free_port(), "HBAC_MLFLOW_PORT": free_port()}
    deep = tmp_path / ("deep" * 30)  # too long a path for that of a socket
    deep.mkdir()
    process = project.start(*HBAC, "ui", folder=tmp_path, TMPDIR=str(deep), **ports)
    yield project, process, *(f"http://127.0.0.1:{port}" for port in ports.values())
    process.send_signal(signal.SIGTERM)
    process.wait()


def test_both_servers_show_what_was_made_and_stop_together(servers):
    project, process, dagster, mlflow = servers
    nodes = json.loads(ask_when_ready(f"{dagster}/graphql", ASSETS))["data"]["assetNodes"]
    grid = {node["assetKey"]["path"][0]: node["partitionStats"] for node in nodes}["fold_models"]
    assert grid["numMaterialized"] == grid["numPartitions"] == 4
    assert "MLflow" in ask_when_ready(mlflow)
    printed = (project.folder / "started.log").read_text()
    assert dagster in printed
    assert mlflow in printed

    children = psutil.Process(process.pid).children(recursive=True)
    assert len(children) >= 2
    assert addresses_listened_on(children) == {"127.0.0.1"}
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait() == 0
    assert time.monotonic() - began < 10
    _, alive = psutil.wait_procs(children, timeout=2)
    assert not alive
