"""Locks work on network file systems that emulate them, and locks local to one machine are detected."""

import os
import shutil
import subprocess
import sys

import pytest

from hbac_assets.store.files import remove_leftovers
from hbac_assets.store.lock_visibility import hold_visibly, lock_is_seen
from hbac_assets.store.locks import hold_any
from hbac_assets_tests.projects import CHECKOUT
from hbac_assets_tests.store.network_locks import BY_RANGES, ON_ONE_MACHINE, preloaded

EVERY_LOCK = """
import os, sys
from pathlib import Path
from hbac_assets.store.files import atomic_write, open_to_lock, remove_leftovers, try_flock
from hbac_assets.store.locks import hold_any, hold_now
folder = Path(sys.argv[1])
lock = folder / "store.lock"
with hold_any([lock], print), hold_now(folder / "other.lock", RuntimeError):
    again = open_to_lock(lock)
    print("kept out" if not try_flock(again, lock) else "let in")
for _ in range(2):
    with hold_any([lock], print, shared=True):
        pass
left = folder / ".left.0a1b2c3d.partial.npy"
left.write_bytes(b"half")
with atomic_write(folder / "whole.npy") as temporary:
    temporary.write_bytes(b"whole")
    remove_leftovers(folder)
    print(temporary.exists(), left.exists())
"""
ASK = """
import sys
from pathlib import Path
from hbac_assets.store.files import remove_leftovers
from hbac_assets.store.lock_visibility import lock_is_seen
print(lock_is_seen(Path(sys.argv[1]), "run"))
"""


def said_by(script, *arguments, **variables):
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(
        command, env=os.environ | variables, cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_every_lock_can_be_had_where_it_asks_for_a_file_that_is_open_for_writing(tmp_path):
    variables = preloaded(tmp_path, BY_RANGES)
    refused = "import fcntl, sys; fcntl.flock(open(sys.argv[1], 'rb'), fcntl.LOCK_EX)"
    command = [sys.executable, "-c", refused, str(tmp_path / "flock.c")]
    done = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, check=False)
    assert "Bad file descriptor" in done.stderr
    assert said_by(EVERY_LOCK, tmp_path, **variables) == ["kept out", "True False"]


def test_a_leftover_that_is_a_link_or_a_folder_is_left_alone(tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("precious")
    (tmp_path / ".a.0a1b2c3d.partial.npy").symlink_to(precious)
    (tmp_path / ".b.0a1b2c3d.partial.npy").mkdir()
    before = sorted(tmp_path.iterdir())
    remove_leftovers(tmp_path)
    assert sorted(tmp_path.iterdir()) == before
    assert precious.read_text() == "precious"


def test_a_held_lock_is_seen_by_other_processes_and_by_several_at_once(tmp_path):
    with hold_visibly(tmp_path, "run"), hold_visibly(tmp_path, "another"):
        assert said_by(ASK, tmp_path) == ["True"]
        command = [sys.executable, "-c", ASK, str(tmp_path)]
        asking = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=CHECKOUT) for _ in range(2)]
        assert [process.communicate()[0] for process in asking] == ["True\n"] * 2
    assert said_by(ASK, tmp_path) == ["False"]
    assert list(tmp_path.iterdir()) == []


def test_who_asks_is_not_taken_for_who_holds(tmp_path):
    lock = tmp_path / "seen-run.lock"
    with hold_any([lock], pytest.fail, shared=True):  # as another who asks at this moment does
        assert not lock_is_seen(tmp_path, "run")


@pytest.mark.parametrize("elsewhere", ["another folder", "a copy"])
def test_a_folder_of_the_same_name_on_another_disk_is_noticed(elsewhere, tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    with hold_visibly(here, "run"):
        there.mkdir() if elsewhere == "another folder" else shutil.copytree(here, there)
        assert said_by(ASK, there) == ["False"]
    assert not lock_is_seen(tmp_path / "nowhere", "run")


def test_locks_that_hold_on_one_machine_alone_are_noticed(tmp_path):
    variables = preloaded(tmp_path, ON_ONE_MACHINE)
    with hold_visibly(tmp_path, "run"):
        assert said_by(ASK, tmp_path, **variables) == ["False"]
