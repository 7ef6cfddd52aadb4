"""Runs that are launched in Dagster's pages use the cluster, and MLflow may be a server with artifacts of its own."""

import signal
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from hbac_assets_tests.cluster.clusters import wait_for
from hbac_assets_tests.cluster.nodes import run_process
from hbac_assets_tests.cluster.postgresql import make_database
from hbac_assets_tests.cluster.results import GRID, require_bits
from hbac_assets_tests.faults.small import FOLDS
from hbac_assets_tests.projects import HBAC

pytestmark = pytest.mark.cluster

MLFLOW = str(Path(sys.executable).parent / "mlflow")
PORT = 5000
LAUNCH = """
from dagster_graphql import DagsterGraphQLClient
client = DagsterGraphQLClient("127.0.0.1", port_number=3000)
print(client.submit_job_execution("__ASSET_JOB", asset_selection=["trained_models"]))
"""


@contextmanager
def serving(node, command, log, environment):
    """Run a server on a node until the block ends."""
    server = node.start(*command, log=log, **environment)
    try:
        yield
    finally:
        run_process(server).send_signal(signal.SIGTERM)
        assert server.wait(60) in (0, 130, 143, -signal.SIGTERM), log.read_text()[-3000:]


def answers(shared, code):
    """Return whether a script on the head succeeds."""
    try:
        shared.ask(code)
    except RuntimeError:
        return False
    return True


def test_a_run_launched_in_dagsters_pages_uses_the_cluster(shared, undisturbed, tmp_path):
    head = shared.cluster.head
    with serving(head, (*HBAC, "ui"), tmp_path / "ui.log", shared.environment):
        wait_for(lambda: "Ctrl-C stops" in (tmp_path / "ui.log").read_text())
        (run_id,) = shared.ask(LAUNCH)
        wait_for(lambda: shared.statuses()[0] in ("SUCCESS", "FAILURE", "CANCELED"))
        assert shared.statuses() == ["SUCCESS"], shared.messages()[-5:]
    require_bits(shared.project, undisturbed, GRID)
    cells = [one["metadata"] for one in shared.cluster.jobs() if "train_fold" in one["metadata"].get("dagster/op", "")]
    assert sum(one["dagster/run-id"] == run_id for one in cells) == FOLDS


def test_mlflow_may_be_a_server_that_keeps_the_artifacts(cluster, tmp_path, undisturbed):
    head, artifacts = cluster.head, tmp_path / "artifacts"
    address = f"http://{head.address}:{PORT}"
    database = make_database(head, f"{tmp_path.name}_mlflow")
    places = ("--backend-store-uri", database, "--artifacts-destination", str(artifacts))
    command = (MLFLOW, "server", "--host", head.address, "--port", str(PORT), "--workers", "1", *places)
    dagster = make_database(head, f"{tmp_path.name}_dagster")
    shared = cluster.project(
        tmp_path / "project",
        undisturbed,
        MLFLOW_TRACKING_URI=address,
        HBAC_DAGSTER_URI=dagster,
        HBAC_RAY=cluster.address,
    )
    variables = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with serving(head, command, tmp_path / "mlflow.log", variables):
        health = f"import urllib.request\nurllib.request.urlopen('{address}/health', timeout=5)"
        wait_for(lambda: answers(shared, health))
        grid = shared.start_grid()
        assert grid.wait(1500) == 0, (shared.project.folder / "grid.log").read_text()[-3000:]
        require_bits(shared.project, undisturbed, GRID)
        (runs,) = shared.ask(
            f"import mlflow\nclient = mlflow.MlflowClient('{address}')\n"
            "one = client.get_experiment_by_name('one_small')\n"
            "print([[r.info.status, r.info.artifact_uri, [a.path for a in client.list_artifacts(r.info.run_id)]]"
            " for r in client.search_runs([one.experiment_id])])"
        )
    assert {status for status, _, _ in runs} == {"FINISHED"}
    assert {uri.partition(":")[0] for _, uri, _ in runs} == {"mlflow-artifacts"}
    assert all(files for _, _, files in runs)
    assert any(artifacts.rglob("*.png"))
