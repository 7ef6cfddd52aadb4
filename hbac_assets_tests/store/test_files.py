"""A file that exists is complete."""

import errno
import subprocess
import sys

import pytest

from hbac_assets.errors import HbacError
from hbac_assets.store.files import atomic_write, fingerprint, remove_leftovers


def write_then_raise(path, error):
    with atomic_write(path) as temporary:
        temporary.write_text("half of the n")
        raise error


def test_a_failed_writer_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")
    with pytest.raises(RuntimeError):
        write_then_raise(path, RuntimeError())
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
        write_then_raise(path, OSError(errno.ENOSPC, "No space left on device"))


def test_fingerprints_ignore_the_order_of_keys_alone():
    assert fingerprint({"a": 1, "b": [1, 2]}) == fingerprint({"b": [1, 2], "a": 1})
    assert fingerprint({"a": 1, "b": [1, 2]}) != fingerprint({"a": 1, "b": [2, 1]})


def test_what_a_killed_writer_left_is_removed_and_what_is_being_written_is_not(tmp_path):
    killed = """
import os, sys
from pathlib import Path
from hbac_assets.store.files import atomic_write
with atomic_write(Path(sys.argv[1]) / "deep" / "array.npy") as temporary:
    temporary.write_bytes(b"half")
    os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", killed, str(tmp_path)], check=False)
    assert len(list((tmp_path / "deep").iterdir())) == 1
    with atomic_write(tmp_path / "deep" / "other.npy") as temporary:
        temporary.write_bytes(b"half")
        remove_leftovers(tmp_path)
        assert list((tmp_path / "deep").iterdir()) == [temporary]
