"""A lock is held by one process at a time and freed by its end, however it ends."""

import itertools
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from hbac_assets.errors import HbacError
from hbac_assets.store import locks
from hbac_assets.store.locks import hold_any

HOLDER = """
import sys, time
from pathlib import Path
from hbac_assets.store.locks import hold_any
with hold_any([Path(sys.argv[1])], print, project="/another/project"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    lock = tmp_path / "cpu-0.lock"
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(lock)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    yield lock, process
    process.kill()
    process.wait()


def test_a_killed_holder_frees_its_lock(holder):
    lock, process = holder
    waited = []

    def on_wait(holders):
        waited.append(holders)
        process.kill()

    with hold_any([lock], on_wait) as held:
        assert held == [lock]
    assert waited == [f"process {process.pid} of /another/project"]


def pass_quickly(monkeypatch):
    """Let 40 seconds pass each time that somebody who waits looks at the clock."""
    clock = itertools.count(step=40.0)
    monkeypatch.setattr(locks, "time", SimpleNamespace(monotonic=lambda: next(clock), sleep=lambda _: time.sleep(0.01)))


def test_who_waits_says_so_again_and_for_how_long(holder, monkeypatch):
    lock, process = holder
    waited = []

    def on_wait(holders):
        waited.append(holders)
        if len(waited) == 3:
            process.kill()
            process.wait()

    pass_quickly(monkeypatch)
    with hold_any([lock], on_wait):
        pass
    by = f"process {process.pid} of /another/project"
    assert waited == [by, f"{by}; 2 min so far", f"{by}; 3 min so far"]


def test_other_steps_of_the_same_run_are_named_once(tmp_path, monkeypatch):
    lock, waited = tmp_path / "cpu-0.lock", []
    pass_quickly(monkeypatch)
    with hold_any([lock], pytest.fail):
        threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt), hold_any([lock], waited.append):
            pass
    assert waited == [locks.THIS_RUN]


def test_another_free_lock_is_taken_without_waiting(holder):
    lock, _ = holder
    other = lock.with_name("cpu-1.lock")
    with hold_any([lock, other], pytest.fail) as held:
        assert held == [other]


TAKER = """
import os, sys
from pathlib import Path
from hbac_assets.errors import HbacError
from hbac_assets.store.locks import hold_any
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
try:
    with hold_any([Path(sys.argv[1])], lambda holder: print("waits for", holder, flush=True)):
        print("held")
except HbacError as error:
    print(error)
"""


@pytest.fixture
def shared():
    """A folder that all users may write to, and a function that takes a lock as another one."""
    if os.geteuid() != 0:
        pytest.skip("only root can be another user")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)

        def take(lock):
            return subprocess.Popen([sys.executable, "-c", TAKER, str(lock)], stdout=subprocess.PIPE, text=True)

        yield Path(folder), take


def test_another_users_lock_is_waited_for_and_taken(shared):
    folder, take = shared
    lock = folder / "cell.lock"
    with hold_any([lock], pytest.fail):
        assert lock.stat().st_mode & 0o777 == 0o644
        other = take(lock)
        assert other.stdout.readline() == f"waits for process {os.getpid()}\n"
    assert other.communicate(timeout=60)[0] == "held\n"


def test_a_folder_that_is_not_shared_is_told_with_what_would_share_it(shared):
    folder, take = shared
    closed = folder / "locks"
    closed.mkdir(mode=0o755)
    printed, _ = take(closed / "cell.lock").communicate(timeout=60)
    assert printed == (
        f"{closed}/cell.lock: cannot be written (Permission denied); make it writable, as by its owner's `chmod -R "
        "g+rwX` and `chmod g+s` of the folders and a umask of 002 of all who share it, or write elsewhere\n"
    )


def test_a_umask_that_shares_makes_locks_that_the_group_can_sign(tmp_path):
    before = os.umask(0o002)
    try:
        with hold_any([tmp_path / "cell.lock"], pytest.fail) as (lock,):
            assert lock.stat().st_mode & 0o777 == 0o664
    finally:
        os.umask(before)


def test_a_file_system_in_which_no_folder_can_be_made_is_told_in_one_line():
    refused = r"^/proc/x/locks: cannot be written \(No such file or directory\); .*elsewhere$"
    with pytest.raises(HbacError, match=refused), hold_any([Path("/proc/x/locks/store.lock")], pytest.fail):
        pass
