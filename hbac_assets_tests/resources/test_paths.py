"""The distinction between a checkout, beside which results go, and an installed package."""

import pytest

from hbac_assets.resources.paths import IN_CHECKOUT, PROJECT_FOLDER, is_checkout
from hbac_assets_tests.projects import CHECKOUT


def test_the_source_tree_is_known():
    assert IN_CHECKOUT
    assert CHECKOUT.resolve() == PROJECT_FOLDER


@pytest.mark.parametrize(
    "content",
    [None, '[project]\nname = "somebody-elses"\n', "[tool.ruff]\n", "project = 1\n", "no toml", b"\xff"],
    ids=["no file", "another project", "no project", "project is no table", "unreadable", "no text"],
)
def test_another_folder_is_none(content, tmp_path):
    if content is not None:
        (tmp_path / "pyproject.toml").write_bytes(content if isinstance(content, bytes) else content.encode())
    assert not is_checkout(tmp_path)
