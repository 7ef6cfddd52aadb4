"""A lock is held by one process at a time and freed by its end, however it ends."""

import subprocess
import sys

import pytest

from hbac_assets.locks import hold_any

HOLDER = """
import sys, time
from pathlib import Path
from hbac_assets.locks import hold_any
with hold_any([Path(sys.argv[1])], print):
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
    assert waited == [f"process {process.pid}"]


def test_another_free_lock_is_taken_without_waiting(holder):
    lock, _ = holder
    other = lock.with_name("cpu-1.lock")
    with hold_any([lock, other], pytest.fail) as held:
        assert held == [other]
