"""Processes end with the one that spawned them, and can be told from later ones with the same id."""

import os
import signal
import subprocess
import sys
import time

import psutil

from hbac_assets.execution.processes import identity, is_gone

PARENT = """
import multiprocessing, time
from hbac_assets.execution.processes import end_with_parent

def child(pipe):
    end_with_parent()
    pipe.send(multiprocessing.current_process().pid)
    time.sleep(60)

if __name__ == "__main__":
    here, there = multiprocessing.Pipe()
    multiprocessing.get_context("spawn").Process(target=child, args=(there,)).start()
    print(here.recv(), flush=True)
    time.sleep(60)
"""


def ended(process):
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_a_spawned_process_ends_when_its_parent_is_killed(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    parent = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    child = psutil.Process(int(parent.stdout.readline()))
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and not ended(child):
        time.sleep(0.05)
    assert ended(child)


def test_the_living_are_not_gone_and_the_dead_are():
    assert not is_gone(identity(os.getpid()))
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    name = identity(process.pid)
    assert not is_gone(name)
    process.kill()
    process.wait()
    assert is_gone(name)


def test_a_later_process_with_the_same_id_is_another():
    host, pid, start = identity(os.getpid()).rsplit(":", 2)
    assert is_gone(f"{host}:{pid}:{float(start) - 1:.2f}")


def test_nothing_is_said_of_other_hosts():
    _, pid, start = identity(os.getpid()).rsplit(":", 2)
    assert not is_gone(f"elsewhere:{pid}:{float(start) - 1:.2f}")
