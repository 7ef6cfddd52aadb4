"""A local PostgreSQL server, run by an unprivileged user, as it requires."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hbac_assets_tests.faults.servers import free_port

PASSWORD = "hunter-2%40-of-the-tests"
"""As quoted in a URI, since generated passwords may contain special characters."""
USER = "hbac"
SECONDS = 120


@contextmanager
def postgres() -> Iterator[str]:
    """Serve an empty database; yields its address without driver. Without PostgreSQL or its driver, skip the test."""
    psycopg2 = pytest.importorskip("psycopg2", reason="needs the extra cluster")
    programs = _programs()
    with tempfile.TemporaryDirectory(dir="/tmp") as place:  # where the other user finds it
        other = _other_user()
        folder, port = Path(place), free_port()
        (folder / "password").write_text(PASSWORD.replace("%40", "@"))
        if other:
            for path in (folder, folder / "password"):
                shutil.chown(path, other["user"], other["group"])
        options = ["--username", USER, "--auth", "scram-sha-256", "--pwfile", str(folder / "password")]
        data = str(folder / "data")
        initdb = [str(programs / "initdb"), "--no-sync", "--encoding", "UTF8", "--locale", "C", *options, data]
        subprocess.run(initdb, check=True, capture_output=True, cwd=folder, **other)
        serve = [str(programs / "postgres"), "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", place, "-F"]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(serve, stdout=log, stderr=log, cwd=folder, **other)
        try:
            _wait(psycopg2, port, server, folder / "log")
            yield f"{USER}:{PASSWORD}@127.0.0.1:{port}/postgres"
        finally:
            server.send_signal(signal.SIGINT)  # it ends at once, and its processes with it
            server.wait(SECONDS)


def dump(address: str) -> str:
    """Return a dump of a database as SQL."""
    command = [str(_programs() / "pg_dump"), "--inserts", f"postgresql://{address}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    program = shutil.which("postgres")
    if program is None:
        pytest.skip("needs PostgreSQL, which Debian's package postgresql has")
    return Path(program).resolve().parent


def _other_user() -> dict[str, Any]:
    """Return the prefix that runs a command as an unprivileged user, if this one is root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    pytest.skip("PostgreSQL does not run as root, and there is no other user")


def _wait(psycopg2: Any, port: int, server: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + SECONDS
    password = PASSWORD.replace("%40", "@")
    while True:
        try:
            psycopg2.connect(host="127.0.0.1", port=port, user=USER, password=password, dbname="postgres").close()
        except psycopg2.OperationalError:
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        else:
            return
