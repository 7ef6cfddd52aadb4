"""Processes end with their parent, and can be distinguished from later ones with the same id."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from hbac_assets.execution import processes
from hbac_assets.execution.processes import INITIAL_NAMESPACE, identity, is_gone, pid_here

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
    *place, pid, start = identity(os.getpid()).split(":")
    assert is_gone(":".join([*place, pid, f"{start}0"]))


@pytest.mark.parametrize("process", ["unknown", "", "host:1:1700000000.00"])
def test_nothing_is_said_of_what_is_no_identity(process):
    assert not is_gone(process)
    assert pid_here(process) is None


@pytest.mark.parametrize("part", ["host", "machine", "namespace"])
def test_nothing_is_said_of_other_hosts_and_containers(part):
    parts = identity(os.getpid()).split(":")
    parts[-1] += "0"
    assert is_gone(":".join(parts))
    parts[["host", "machine", "boot", "namespace"].index(part)] = "other"
    assert not is_gone(":".join(parts))
    assert pid_here(":".join(parts)) is None


@pytest.mark.parametrize(
    ("namespace", "machine", "gone"),
    [(INITIAL_NAMESPACE, "m", True), ("4", "m", False), (INITIAL_NAMESPACE, "", False)],
)
def test_a_reboot_ends_every_process_outside_containers(monkeypatch, namespace, machine, gone):
    monkeypatch.setattr(processes, "_here", lambda: ["host", machine, "this boot", namespace])
    process = identity(os.getpid())
    assert not is_gone(process)
    assert is_gone(process.replace("this boot", "the last boot")) == gone


@pytest.mark.skipif(not Path("/proc/self/ns/pid").exists(), reason="needs Linux: process-id namespaces")
def test_a_process_in_a_container_of_the_same_host_name_is_not_taken_for_gone(tmp_path):
    script = "import os; from hbac_assets.execution.processes import identity; print(identity(os.getpid())); input()"
    command = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc", sys.executable, "-c", script]
    container = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    name = container.stdout.readline().strip()
    try:
        if not name:
            pytest.skip("needs the command `unshare`, and leave to make namespaces")
        assert name.split(":")[0] == identity(os.getpid()).split(":")[0]
        assert ":1:" in name
        assert not is_gone(name)
    finally:
        container.communicate("")
