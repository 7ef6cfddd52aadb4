"""A file that exists is whole."""

import errno

import pytest

from hbac_assets.errors import HbacError
from hbac_assets.files import atomic_write, fingerprint


def test_a_failed_writer_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")
    with pytest.raises(RuntimeError), atomic_write(path) as temporary:
        temporary.write_text("half of the n")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_new_file_appears_whole_and_keeps_its_suffix(tmp_path):
    path = tmp_path / "new" / "model.keras"
    with atomic_write(path) as temporary:
        assert temporary.suffix == ".keras"
        temporary.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"


def test_a_full_disk_is_one_line_with_the_path(tmp_path):
    path = tmp_path / "model.keras"
    with pytest.raises(HbacError, match=r"model\.keras: cannot be written \(No space left on device\)"):
        with atomic_write(path):
            raise OSError(errno.ENOSPC, "No space left on device")


def test_fingerprints_ignore_the_order_of_keys_alone():
    assert fingerprint({"a": 1, "b": [1, 2]}) == fingerprint({"b": [1, 2], "a": 1})
    assert fingerprint({"a": 1, "b": [1, 2]}) != fingerprint({"a": 1, "b": [2, 1]})
