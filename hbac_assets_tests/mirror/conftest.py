"""Mirrors in a bucket and in a folder, and the project whose results go there."""

import functools
import itertools
import os

import pytest

from hbac_assets import lineage
from hbac_assets_tests.inventory import stores
from hbac_assets_tests.mirror.servers import CREDENTIALS, make_bucket, s3_server

NUMBERS = itertools.count()
CARRIED = functools.cache(lineage.carried_modules)


@pytest.fixture(scope="session")
def s3(tmp_path_factory):
    """The address of a server."""
    with s3_server(tmp_path_factory.mktemp("s3") / "server.log") as address:
        yield address


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch):
    for name in [name for name in os.environ if name.startswith(("HBAC_", "AWS_"))]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _code_is_read_once(monkeypatch):
    """Which modules a bundle carries is asked for each list of artifacts, and does not change in a test."""
    monkeypatch.setattr(lineage, "carried_modules", CARRIED)


@pytest.fixture
def bucket(s3, monkeypatch):
    """The address of a new bucket, with a prefix, which the environment names."""
    name = f"bucket-{next(NUMBERS)}"
    make_bucket(s3, name)
    for variable, value in {"AWS_ENDPOINT_URL": s3, **CREDENTIALS, "HBAC_MIRROR": f"s3://{name}/some prefix"}.items():
        monkeypatch.setenv(variable, value)
    return f"s3://{name}/some prefix"


@pytest.fixture
def folder_mirror(tmp_path_factory, monkeypatch):
    """The address of a folder, which the environment names."""
    address = (tmp_path_factory.mktemp("mirrors") / "a mirror").as_uri()
    monkeypatch.setenv("HBAC_MIRROR", address)
    return address


@pytest.fixture(params=["bucket", "folder_mirror"])
def address(request):
    """A mirror of either kind."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def project(tmp_path):
    """A project with the experiments `mine`, whose file is there, and `gone`, whose file was deleted."""
    folder = tmp_path / "project"
    folder.mkdir()
    return stores.make_project(folder)
