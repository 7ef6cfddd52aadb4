"""The folder of sockets when the temporary folder's path is long."""

import tempfile

import pytest

from hbac_assets.errors import HbacError
from hbac_assets.execution import sockets


@pytest.fixture
def deep(tmp_path, monkeypatch):
    folder = tmp_path / ("deep" * 30)
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_a_short_folder_is_used_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", "/some/tmp")
    assert sockets.short_folder() == "/some/tmp"


def test_where_no_other_can_be_written_the_line_names_the_variable(deep, tmp_path, monkeypatch):
    monkeypatch.setattr(sockets, "SHORT", str(tmp_path / "absent"))
    message = f"TMPDIR: expected a path of 70 bytes or less, .*, found {deep}, and {tmp_path}/absent in its place"
    with pytest.raises(HbacError, match=message):
        sockets.use_short_folder()
    assert tempfile.gettempdir() == str(deep)
