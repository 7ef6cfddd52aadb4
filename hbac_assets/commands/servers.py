"""Servers on this machine: started with a log file, awaited until they answer, stopped together."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hbac_assets.errors import HbacError

HOST = "127.0.0.1"
STOP_SECONDS, POLL_SECONDS, ANSWER_SECONDS = 8.0, 0.5, 5.0
LAST_LINES = 10


@dataclass(frozen=True)
class Server:
    """A running server.

    Attributes:
        name: for people.
        page: its address.
        ready: an address below that, which answers once the server is ready.
        log: the file of its output.
        process: the leader of a separate session, with its children.
    """

    name: str
    page: str
    ready: str
    log: Path
    process: "subprocess.Popen[bytes]"

    def answers(self) -> bool:
        """Return whether the server is ready."""
        with suppress(OSError), urllib.request.urlopen(self.ready, timeout=ANSWER_SECONDS) as answer:  # noqa: S310
            return bool(answer.status == 200)
        return False

    def require_alive(self) -> None:
        """Require that it runs; otherwise print the end of its log.

        Raises:
            HbacError: it has ended.
        """
        status = self.process.poll()
        if status is None:
            return
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        print(*(f"  {line}" for line in lines[-LAST_LINES:]), sep="\n", file=sys.stderr)
        raise HbacError(
            f"{self.name} ended by itself, with exit status {status}: the end of its log, {self.log}, above"
        )


def start(
    name: str, command: Sequence[str], port: int, ready: str, folder: Path, environment: Mapping[str, str]
) -> Server:
    """Start a Python module as a server.

    Args:
        name: for people.
        command: the module and its arguments.
        port: that it will listen on.
        ready: the path that answers once it is ready.
        folder: of the log.
        environment: its variables.
    """
    log = folder / f"{name.lower()}-{port}.log"
    page = f"http://{HOST}:{port}"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    return Server(name, page, page + ready, log, process)


def free_port(variable: str, default: int) -> int:
    """Return the port that a variable names, if it is free.

    Raises:
        HbacError: it is not a port, or taken.
    """
    value = os.environ.get(variable) or str(default)
    if not (value.isascii() and value.isdigit() and 0 < int(value) < 65536):
        raise HbacError(f"{variable}: expected the number of a port, 1 to 65535, found '{value}'; correct it")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the servers do: a port in TIME_WAIT is free
        try:
            probe.bind((HOST, int(value)))
        except OSError as error:
            raise HbacError(
                f"{variable}: expected a free port of {HOST}, found {value} ({error.strerror}): end the program that "
                f"listens there, perhaps another `hbac ui`, or set {variable} to another port"
            ) from error
    return int(value)


def wait_until_ready(servers: Sequence[Server], say: Callable[[str], None]) -> None:
    """Wait until all are ready.

    Args:
        servers: that were started.
        say: called every half second with those that are awaited.

    Raises:
        HbacError: one has ended.
    """
    while missing := [server.name for server in servers if not server.answers()]:
        say(f"waiting for {' and '.join(missing)}")
        watch_for(servers, POLL_SECONDS)


def watch_for(servers: Sequence[Server], seconds: float) -> None:
    """Wait, while requiring that all servers run.

    Raises:
        HbacError: one has ended.
    """
    for server in servers:
        server.require_alive()
    time.sleep(seconds)


def stop(servers: Sequence[Server]) -> None:
    """Ask each server and its children to end, and kill those that do not within a few seconds."""
    for server in servers:
        _signal_group(server, signal.SIGINT)
    deadline = time.monotonic() + STOP_SECONDS
    for server in servers:
        with suppress(subprocess.TimeoutExpired):
            server.process.wait(max(0.1, deadline - time.monotonic()))
        _signal_group(server, signal.SIGKILL)
        server.process.wait()


def _signal_group(server: Server, number: signal.Signals) -> None:
    """Signal every process of a server's session."""
    with suppress(ProcessLookupError):
        os.killpg(server.process.pid, number)
