"""A project whose store holds the results of two own experiments, of which one has its file."""

import pytest

from hbac_assets_tests.inventory import stores


@pytest.fixture
def folder(tmp_path):
    """A project with the experiments `mine`, whose file is there, and `gone`, whose file was deleted."""
    return stores.make_project(tmp_path)
