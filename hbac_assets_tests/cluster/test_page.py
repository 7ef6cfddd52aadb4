"""The commands of docs/cluster.md for two machines, exactly as printed there."""

import re

import pytest

from hbac_assets_tests.cluster.clusters import wait_for
from hbac_assets_tests.cluster.postgresql import PASSWORD
from hbac_assets_tests.cluster.results import require_bits
from hbac_assets_tests.documentation.pages import DOCS
from hbac_assets_tests.resources.postgres import PROGRAMS

pytestmark = pytest.mark.cluster

SECTION = (DOCS / "cluster.md").read_text(encoding="utf-8").partition("## Two machines\n")[2].partition("\n## ")[0]
OF_THE_PAGE = ("HBAC_RAY", "HBAC_DAGSTER_URI", "HBAC_STORE", "MLFLOW_TRACKING_URI", "MLFLOW_BACKEND_STORE_URI")


def typed(node, commands, environment):
    done = node.command("bash", "-ec", commands, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def test_two_machines_as_the_page_has_them(cluster, tmp_path, undisturbed):
    databases, variables, starts, run = re.findall(r"```sh\n(.+?)```", SECTION, re.S)
    shared = cluster.project(tmp_path / "project", undisturbed)
    for written, ours in {
        "PGPASSWORD=…": f"PGPASSWORD={PASSWORD}",
        "@db/": f"@{cluster.head.address}/",
        "/shared/hbac/store": shared.environment["HBAC_STORE"],
    }.items():
        assert written in variables
        variables = variables.replace(written, ours)
    environment = {name: value for name, value in shared.environment.items() if name not in OF_THE_PAGE}
    cluster.worker.stop()
    cluster.head.stop(keep="postgres")
    server = {"PGHOST": cluster.head.address, "PGUSER": "hbac", "PATH": f"{PROGRAMS}:/usr/bin:/bin"}
    typed(cluster.head, databases.partition("\n")[2], server)  # the fixture has created the user
    for node, start in zip((cluster.head, cluster.worker), starts.splitlines(), strict=True):
        typed(node, f"{variables}\n{start}", environment)
    wait_for(lambda: cluster.nodes() == 2)
    done = typed(cluster.head, f"{variables}\n{run}", environment)
    assert "Ray at http://10.77.0.1:8265, 2 nodes" in done.stderr
    require_bits(shared.project, undisturbed)
