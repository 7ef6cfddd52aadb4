"""The resources that a cell requests, and how many cells fit on a cluster's nodes; without a cluster."""

import subprocess
import sys

import pytest

from hbac_assets.errors import HbacError
from hbac_assets.resources import cluster
from hbac_assets.resources.cluster import Node, find_nodes, find_room, require_address
from hbac_assets.resources.environment import resources_from_environment

SERVERS = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:5000"}


@pytest.mark.parametrize(
    ("nodes", "device", "gpus_per_cell", "asked", "cells"),
    [
        ([Node(1, 0), Node(1, 0)], "auto", 1, (1, 0), 2),
        ([Node(16, 0), Node(16, 0), Node(16, 0)], "cpu", 1, (8, 0), 6),
        ([Node(4, 0), Node(16, 0)], "auto", 1, (2, 0), 4),
        ([Node(0, 0), Node(2, 0)], "auto", 1, (1, 0), 2),  # a head that does nothing
        ([Node(16, 8), Node(16, 8)], "auto", 1, (1, 1), 16),
        ([Node(16, 8), Node(16, 3), Node(64, 0)], "gpu", 2, (1, 2), 5),
        ([Node(2, 8)], "gpu", 1, (1, 1), 2),
        ([Node(16, 8)], "cpu", 1, (8, 0), 2),
    ],
)
def test_a_cell_asks_for_its_device_and_no_more_are_begun_than_the_nodes_have(
    nodes, device, gpus_per_cell, asked, cells
):
    room = find_room(nodes, device, cells_on_cpu=2, gpus_per_cell=gpus_per_cell)
    assert (room.cpus, room.gpus) == asked
    assert (room.nodes, room.cells) == (len(nodes), cells)


@pytest.mark.parametrize(
    ("nodes", "device", "gpus_per_cell", "said"),
    [
        ([], "auto", 1, "found no node"),
        ([Node(0, 0)], "auto", 1, "a node with a CPU for each cell, found 0 CPUs and 0 GPUs"),
        ([Node(8, 2), Node(8, 2)], "auto", 4, "a node with 4 GPUs and a CPU for each cell, found 8 CPUs and 2 GPUs, 8"),
        ([Node(8, 0)], "gpu", 1, "a node with 1 GPUs and a CPU for each cell, found 8 CPUs and 0 GPUs"),
    ],
)
def test_a_cluster_without_room_for_one_cell_is_refused(nodes, device, gpus_per_cell, said):
    with pytest.raises(HbacError, match=said):
        find_room(nodes, device, cells_on_cpu=2, gpus_per_cell=gpus_per_cell)


@pytest.mark.parametrize("address", ["head:8265", "ray://head:10001", "http://", "http://head:8265/jobs", "auto"])
def test_what_is_no_address_of_a_head_is_refused(address):
    with pytest.raises(HbacError, match=f"HBAC_RAY: expected the address of Ray's head.* found '{address}'"):
        require_address(address)


def test_a_missing_extra_is_one_line(monkeypatch):
    monkeypatch.setattr(cluster, "PACKAGES", ("json", "no_such_ray", "no_such_driver"))
    with pytest.raises(HbacError, match="the extra `cluster`, found no no_such_ray, no_such_driver; install it with"):
        resources_from_environment({"HBAC_RAY": "http://head:8265", **SERVERS})


def test_without_a_cluster_nothing_of_it_is_imported():
    code = "import hbac_assets.definitions, hbac_assets.commands.main, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"ray", "dagster_ray", "dagster_postgres", "psycopg2"} & set(done.stdout.split())


def test_a_database_that_is_a_file_is_refused_for_a_cluster(monkeypatch):
    monkeypatch.setattr(cluster, "PACKAGES", ())
    with pytest.raises(HbacError, match=r"MLFLOW_TRACKING_URI: expected a database or an MLflow server .* a file; set"):
        resources_from_environment({"HBAC_RAY": "http://head:8265", "MLFLOW_TRACKING_URI": "sqlite:////tmp/a.db"})
    accelerator = resources_from_environment({"HBAC_RAY": "http://head:8265", **SERVERS})["accelerator"]
    assert accelerator.ray == "http://head:8265"


def test_a_head_that_does_not_answer_is_one_line():
    pytest.importorskip("ray", reason="the extra `cluster` is not installed")
    with pytest.raises(HbacError, match=r"HBAC_RAY: expected Ray's head at http://127\.0\.0\.1:9, found none") as told:
        find_nodes("http://127.0.0.1:9")
    assert "\n" not in str(told.value)
