"""Two machines with Ray on both and PostgreSQL on the first; projects that run on them, and a local one."""

import os
from collections.abc import Iterator

import pytest

from hbac_assets_tests.cluster import nodes as machines
from hbac_assets_tests.cluster.clusters import Cluster, running_cluster
from hbac_assets_tests.faults.small import small_project
from hbac_assets_tests.projects import NOT_INHERITED, run_once
from hbac_assets_tests.resources.postgres import ABSENT, PROGRAMS


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory):
    """A project in which the chain of the small experiment ran once, on this machine only."""
    project, _ = run_once("undisturbed", small_project, tmp_path_factory)
    return project


@pytest.fixture(scope="session")
def whole_cluster(tmp_path_factory) -> Iterator[Cluster]:
    if refusal := machines.refusal():
        pytest.skip(refusal)
    if PROGRAMS is None:
        pytest.fail(ABSENT, pytrace=False)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(NOT_INHERITED)}
    with running_cluster(tmp_path_factory.mktemp("cluster"), inherited) as cluster:
        yield cluster


@pytest.fixture
def cluster(whole_cluster):
    """A cluster of two nodes, each with one CPU for Ray; repaired after the previous test."""
    whole_cluster.mend()
    return whole_cluster


@pytest.fixture
def shared(cluster, tmp_path, undisturbed):
    """A project in a folder that both nodes share, with everything upstream of the grid."""
    return cluster.project(tmp_path / "project", undisturbed)
