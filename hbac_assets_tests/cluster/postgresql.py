"""The PostgreSQL server of a cluster, on one of its machines."""

from collections.abc import Iterator
from contextlib import contextmanager

from hbac_assets_tests.cluster.nodes import NETWORK, Node
from hbac_assets_tests.resources.postgres import PROGRAMS, USER, postgres_server

PASSWORD = "open-sesame"
PORT = 5432


@contextmanager
def postgresql(node: Node) -> Iterator[None]:
    """Run a server on a machine, which others reach, too."""
    with postgres_server(PASSWORD, node.address, PORT, node.prefix(), f"{NETWORK}.0/24", most=300):
        yield


def make_database(node: Node, name: str) -> str:
    """Make an empty database, and return its URI, without the password."""
    assert PROGRAMS is not None
    create = [str(PROGRAMS / "createdb"), "--host", node.address, "--username", USER, name]
    done = node.command(*create, PGPASSWORD=PASSWORD)
    assert done.returncode == 0, done.stderr
    return f"postgresql+psycopg2://{USER}@{node.address}/{name}"
