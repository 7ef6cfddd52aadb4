"""Mirrors in a bucket and in a folder, and a project with results to push."""

import itertools
import os

import pytest

from hbac_assets_tests.inventory import stores
from hbac_assets_tests.mirror.servers import CREDENTIALS, make_bucket, s3_server

NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def s3(tmp_path_factory):
    """The address of an S3 server."""
    with s3_server(tmp_path_factory.mktemp("s3") / "server.log") as address:
        yield address


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch):
    for name in [name for name in os.environ if name.startswith(("HBAC_", "AWS_"))]:
        monkeypatch.delenv(name)


@pytest.fixture
def bucket(s3, monkeypatch):
    """The address of a prefix in a new bucket, set in the environment."""
    name = f"bucket-{next(NUMBERS)}"
    make_bucket(s3, name)
    for variable, value in {"AWS_ENDPOINT_URL": s3, **CREDENTIALS, "HBAC_MIRROR": f"s3://{name}/some prefix"}.items():
        monkeypatch.setenv(variable, value)
    return f"s3://{name}/some prefix"


@pytest.fixture
def folder_mirror(tmp_path_factory, monkeypatch):
    """The address of a folder, set in the environment."""
    address = (tmp_path_factory.mktemp("mirrors") / "a mirror").as_uri()
    monkeypatch.setenv("HBAC_MIRROR", address)
    return address


@pytest.fixture(params=["bucket", "folder_mirror"])
def address(request):
    """A mirror of either kind."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def project(tmp_path):
    """A project with the experiments `mine`, which has a file, and `gone`, whose file was deleted."""
    folder = tmp_path / "project"
    folder.mkdir()
    return stores.make_project(folder)
