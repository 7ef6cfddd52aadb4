"""Two machines on one: network namespaces, each with its own processes, hostname, temporary folders and locks.

Processes that a test starts on a node end with it, since its process-id namespace ends with its first process.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from hbac_assets.execution.sockets import SHORT
from hbac_assets_tests.projects import CHECKOUT, SECONDS

NETWORK = "10.77.0"
NAMESPACES = ("--net", "--mount", "--uts", "--pid")
# Each machine has its own: Ray's sessions, device leases, shared memory. Ray's sockets must have short paths.
SET_UP = """
mount -t tmpfs tmpfs /dev/shm
mkdir -p /tmp/ray "/tmp/hbac_assets-$(id -u)" "$1/ray" "$1/locks"
mount --bind "$1/ray" /tmp/ray
mount --bind "$1/locks" "/tmp/hbac_assets-$(id -u)"
hostname "$2"
ip link set lo up
echo ready
exec env --ignore-signal=CHLD sleep infinity
"""
RAY_OPTIONS = ("--num-cpus", "1", "--object-store-memory", "100000000", "--disable-usage-stats")
START_SECONDS, ATTEMPTS = 600, 3


def refusal() -> str:
    """Return why namespaces cannot be created here; empty if they can."""
    if missing := [program for program in ("unshare", "nsenter", "ip", "hostname") if shutil.which(program) is None]:
        return f"not installed: {', '.join(missing)}"
    command = ["unshare", *NAMESPACES, "--fork", "--mount-proc", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stderr.strip() and f"namespaces are not allowed: {done.stderr.strip()}"


@dataclass
class Node:
    """A machine for tests."""

    name: str
    address: str
    folder: Path
    environment: dict[str, str]
    holder: "subprocess.Popen[str]"
    pid: int = field(init=False)

    def __post_init__(self):
        (child,) = psutil.Process(self.holder.pid).children()
        self.pid = child.pid

    def prefix(self) -> list[str]:
        """Return the prefix that runs a command on this machine."""
        return ["nsenter", "--target", str(self.pid), *NAMESPACES, "--"]

    def start(self, *command: str, log: Path, **environment: str) -> "subprocess.Popen[bytes]":
        """Start a command on this machine; its output goes to a file."""
        with log.open("wb") as file:
            return subprocess.Popen(
                [*self.prefix(), *command],
                cwd=CHECKOUT,
                env=self.environment | environment,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )

    def command(self, *command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """Run a command on this machine."""
        return subprocess.run(
            [*self.prefix(), *command],
            cwd=CHECKOUT,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def processes(self) -> list[psutil.Process]:
        """Return the processes of this machine except the first."""
        return [process for process in self._all() if process.pid != self.pid]

    def stop(self, keep: str = "") -> None:
        """Kill all processes of this machine, Ray and its jobs, except those with `keep` in their names."""
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):
                if not keep or keep not in process.name():
                    process.kill()

    def power_off(self) -> None:
        """Kill the machine."""
        os.kill(self.pid, signal.SIGKILL)
        self.holder.wait()

    def _all(self) -> list[psutil.Process]:
        own, found = Path(f"/proc/{self.pid}/ns/pid").stat().st_ino, []
        for process in psutil.process_iter():
            try:
                if Path(f"/proc/{process.pid}/ns/pid").stat().st_ino == own:
                    found.append(process)
            except OSError:
                continue
        return found


def run_process(started: "subprocess.Popen[bytes]") -> psutil.Process:
    """Return the process of a command started by `Node.start`."""
    (child,) = psutil.Process(started.pid).children()
    return child


@contextmanager
def made_nodes(folder: Path, names: tuple[str, ...], environment: Mapping[str, str]) -> Iterator[list[Node]]:
    """Yield machines on a common network; they are killed afterwards.

    Args:
        folder: the parent of each machine's own folder.
        names: their hostnames.
        environment: the environment of their processes.
    """
    nodes: list[Node] = []
    try:
        for number, name in enumerate(names, start=1):
            nodes.append(_made_node(folder / name, name, f"{NETWORK}.{number}", environment))
        _connect(nodes)
        yield nodes
    finally:
        for node in nodes:
            node.power_off()


def _made_node(folder: Path, name: str, address: str, environment: Mapping[str, str]) -> Node:
    folder.mkdir(parents=True)
    holder = subprocess.Popen(
        ["unshare", *NAMESPACES, "--fork", "--kill-child", "--mount-proc", "bash", "-ec", SET_UP, "-", folder, name],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "ready\n"
    path = os.pathsep.join(filter(None, [str(CHECKOUT), environment.get("PYTHONPATH")]))
    own = {"TMPDIR": SHORT, "PYTHONPATH": path, "RAY_gcs_server_port_wait_time_s": "300"}
    return Node(name, address, folder, dict(environment) | own, holder)


def _connect(nodes: list[Node]) -> None:
    """Connect the machines by a bridge on the first."""
    first, *others = nodes

    def in_network(node: Node) -> list[str]:
        return ["nsenter", "--target", str(node.pid), "--net", "ip"]  # ip sees this machine's process ids

    ip = in_network(first)
    _done([*ip, "link", "add", "bridge", "type", "bridge"])
    _done([*ip, "addr", "add", f"{first.address}/24", "dev", "bridge"])
    _done([*ip, "link", "set", "bridge", "up"])
    for number, node in enumerate(others, start=1):
        there = f"port{number}"
        _done([*ip, "link", "add", there, "type", "veth", "peer", "name", "eth0", "netns", str(node.pid)])
        _done([*ip, "link", "set", there, "master", "bridge", "up"])
        _done([*in_network(node), "addr", "add", f"{node.address}/24", "dev", "eth0"])
        _done([*in_network(node), "link", "set", "eth0", "up"])


def start_head(node: Node, **environment: str) -> None:
    """Start Ray's head on a machine."""
    _start_ray(node, environment, "--head", "--port", "6379", "--dashboard-host", node.address)


def start_worker(node: Node, head: Node, **environment: str) -> None:
    """Start a Ray worker on a machine."""
    _start_ray(node, environment, "--address", f"{head.address}:6379")


def _start_ray(node: Node, environment: Mapping[str, str], *options: str) -> None:
    ray = str(Path(sys.executable).parent / "ray")
    command = [*node.prefix(), ray, "start", "--node-ip-address", node.address, *RAY_OPTIONS, *options]
    variables = node.environment | dict(environment)
    for attempt in range(1, ATTEMPTS + 1):  # Ray waits only half a minute for its processes
        with (node.folder / f"ray-{attempt}.log").open("w") as log:
            done = subprocess.run(command, cwd=CHECKOUT, env=variables, stdout=log, stderr=log, timeout=START_SECONDS)
        if done.returncode == 0:
            return
        node.stop(keep="postgres")
    raise AssertionError(f"Ray does not start on {node.name}: {node.folder}")


def _done(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
