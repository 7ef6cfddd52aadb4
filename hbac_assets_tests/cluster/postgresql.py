"""A PostgreSQL server on a machine of the tests, run by a user without privileges."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hbac_assets_tests.cluster.nodes import Node

PROGRAMS = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)
PASSWORD = "open-sesame"
ABSENT = "no PostgreSQL in /usr/lib/postgresql: install the system's package (Debian: `apt install postgresql`)"
SETTINGS = "fsync = off\nmax_connections = 300\nunix_socket_directories = ''\n"
UNPRIVILEGED = ("runuser", "-u", "postgres", "--") if os.getuid() == 0 else ()


@contextmanager
def postgresql(node: Node) -> Iterator[None]:
    """Run a server on a machine, which accepts connections from others."""
    assert PROGRAMS is not None, ABSENT
    folder = Path(tempfile.mkdtemp(prefix="hbac-postgresql-", dir="/tmp"))
    data, password = folder / "data", folder / "password"
    password.write_text(PASSWORD)
    if UNPRIVILEGED:
        for path in (folder, password):
            shutil.chown(path, "postgres")
    make = [PROGRAMS / "initdb", "-D", data, "-U", "hbac", "--auth", "scram-sha-256", "--pwfile", password, "-N"]
    subprocess.run([*UNPRIVILEGED, *map(str, make)], check=True, capture_output=True, cwd="/")
    with (data / "postgresql.conf").open("a") as file:
        file.write(f"{SETTINGS}listen_addresses = '{node.address}'\n")
    with (data / "pg_hba.conf").open("a") as file:
        file.write("host all all 10.77.0.0/24 scram-sha-256\n")
    server = [*node.prefix(), *UNPRIVILEGED, str(PROGRAMS / "postgres"), "-D", str(data)]
    log = folder / "server.log"
    with log.open("wb") as file:
        process = subprocess.Popen(server, stdout=file, stderr=file, cwd="/")
    try:
        deadline = time.monotonic() + 60
        while "ready to accept connections" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(folder)


def make_database(node: Node, name: str) -> str:
    """Create an empty database, and return its URI without the password."""
    assert PROGRAMS is not None
    create = [str(PROGRAMS / "createdb"), "--host", node.address, "--username", "hbac", name]
    done = node.command(*create, PGPASSWORD=PASSWORD)
    assert done.returncode == 0, done.stderr
    return f"postgresql+psycopg2://hbac@{node.address}/{name}"
