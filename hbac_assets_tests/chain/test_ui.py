"""`hbac ui` in any folder: both servers answer on this machine only, show the results, and stop together."""

import json
import re
import signal
import urllib.request

import psutil
import pytest
from dagster import DagsterInstance
from mlflow import MlflowClient

from hbac_assets_tests.faults.servers import free_port
from hbac_assets_tests.projects import CHECKOUT, HBAC, wait_until

ASSETS = """
{ assetNodes { assetKey { path } opNames partitionStats { numMaterialized numPartitions } } }
"""


def ask(url, query=None):
    body = None if query is None else json.dumps({"query": query}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read().decode()


def addresses_listened_on(processes):
    connections = [one for process in processes for one in process.net_connections(kind="inet")]
    return {one.laddr.ip for one in connections if one.status == psutil.CONN_LISTEN}


@pytest.fixture
def servers(finished, tmp_path):
    project, _ = finished
    ports = {name: str(free_port()) for name in ("HBAC_DAGSTER_PORT", "HBAC_MLFLOW_PORT")}
    deep = tmp_path / ("deep" * 30)  # too long a path for that of a socket
    deep.mkdir()
    process = project.start(*HBAC, "ui", folder=tmp_path, TMPDIR=str(deep), **ports)
    yield project, process, *(f"http://127.0.0.1:{port}" for port in ports.values())
    process.send_signal(signal.SIGTERM)
    process.wait()


def test_both_servers_show_what_was_made_and_stop_together(servers):
    project, process, dagster, mlflow = servers
    log = project.folder / "started.log"
    wait_until(lambda: "newest experiment" in log.read_text(), process)
    nodes = json.loads(ask(f"{dagster}/graphql", ASSETS))["data"]["assetNodes"]
    grid = {node["assetKey"]["path"][0]: node["partitionStats"] for node in nodes}["fold_models"]
    assert grid["numMaterialized"] == grid["numPartitions"] == 4
    assert "MLflow" in ask(mlflow)
    with DagsterInstance.from_config(project.environment["DAGSTER_HOME"]) as instance:
        (newest,) = instance.get_runs(limit=1)
    client = MlflowClient(project.environment["MLFLOW_TRACKING_URI"])
    experiment = client.get_experiment_by_name("quickstart-miniature").experiment_id
    expected = [
        rf"starting Dagster and MLflow; their logs are in {CHECKOUT / 'data' / 'logs'}",
        r"ready after \d+ .*; Ctrl-C stops",
        rf"Dagster +{dagster}",
        rf"  newest run +{dagster}/runs/{newest.run_id}",
        rf"MLflow +{mlflow}",
        rf"  newest experiment +{mlflow}/#/experiments/{experiment}/runs\?workflowType=machine_learning"
        "&viewStateShareKey=scores",
    ]
    assert re.fullmatch("\n".join(expected) + "\n", log.read_text()), log.read_text()

    children = psutil.Process(process.pid).children(recursive=True)
    assert len(children) >= 2
    assert addresses_listened_on(children) == {"127.0.0.1"}
    process.send_signal(signal.SIGINT)
    assert process.wait() == 0
    _, alive = psutil.wait_procs(children, timeout=2)
    assert not alive
    assert re.fullmatch("\n".join(expected) + "\n", log.read_text()), log.read_text()
