"""PostgreSQL servers for tests, run by an unprivileged user, as PostgreSQL requires."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from hbac_assets_tests.faults.servers import free_port

PROGRAMS = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parts[-2]), default=None)
ABSENT = "no PostgreSQL in /usr/lib/postgresql: install the system's package (Debian: `apt install postgresql`)"
USER = "hbac"
PASSWORD = "hunter-2%40-of-the-tests"
"""As in a URI: percent-encoded, as in generated passwords."""
SECONDS = 120


@contextmanager
def postgres() -> Iterator[str]:
    """Serve an empty database; yields its address without driver. Without PostgreSQL or its driver, skip the test."""
    pytest.importorskip("psycopg2", reason="needs the extra cluster")
    if PROGRAMS is None:
        pytest.skip(ABSENT)
    port = free_port()
    with postgres_server(PASSWORD.replace("%40", "@"), "127.0.0.1", port):
        yield f"{USER}:{PASSWORD}@127.0.0.1:{port}/postgres"


@contextmanager
def postgres_server(
    password: str, address: str, port: int, prefix: Sequence[str] = (), clients: str = "127.0.0.1/32", most: int = 100
) -> Iterator[None]:
    """Run a server with the user `USER` until the block ends.

    Args:
        password: the user's.
        address: to listen on.
        port: to listen on.
        prefix: that runs a command where the server belongs.
        clients: the network of the clients.
        most: the number of connections.
    """
    assert PROGRAMS is not None, ABSENT
    with tempfile.TemporaryDirectory(dir="/tmp") as place:  # which the other user can enter
        folder, other = Path(place), _other_user()
        data, secret, log = folder / "data", folder / "password", folder / "log"
        secret.write_text(password)
        if other:
            for path in (folder, secret):
                shutil.chown(path, *other)
        drop = ["setpriv", f"--reuid={other[0]}", f"--regid={other[1]}", "--clear-groups"] if other else []
        options = ["--username", USER, "--auth", "scram-sha-256", "--pwfile", str(secret), "--locale", "C"]
        initdb = [str(PROGRAMS / "initdb"), "--no-sync", "--encoding", "UTF8", *options, str(data)]
        subprocess.run([*drop, *initdb], check=True, capture_output=True, cwd=folder)
        with (data / "pg_hba.conf").open("a") as file:
            file.write(f"host all all {clients} scram-sha-256\n")
        serve = [str(PROGRAMS / "postgres"), "-D", str(data), "-h", address, "-p", str(port), "-k", place, "-F"]
        with log.open("wb") as output:
            server = subprocess.Popen(
                [*prefix, *drop, *serve, "-N", str(most)], stdout=output, stderr=output, cwd=folder
            )
        try:
            _wait(server, log)
            yield
        finally:
            server.send_signal(signal.SIGINT)  # a fast shutdown, including its child processes
            server.wait(SECONDS)


def dump(address: str) -> str:
    """Return the contents of a database as SQL."""
    assert PROGRAMS is not None
    command = [str(PROGRAMS / "pg_dump"), "--inserts", f"postgresql://{address}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _other_user() -> tuple[int, int] | None:
    """Return the ids of an unprivileged user and its group if this process is root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    pytest.skip("PostgreSQL does not run as root, and there is no other user")


def _wait(server: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while "ready to accept connections" not in log.read_text():
        assert server.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)
