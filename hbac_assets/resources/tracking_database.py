"""MLflow's database: its creation, the relocation of an SQLite file, and the check of its version.

MLflow creates its tables by dozens of migrations. Two concurrent processes run them twice, a killed one leaves them
incomplete, and either way the file is broken for good.
"""

import logging
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from hbac_assets.errors import HbacError
from hbac_assets.resources.tracking_uri import is_database, masked
from hbac_assets.store.files import TEMPORARY_MARK, atomic_write
from hbac_assets.store.locks import hold_any

VERSIONS = "alembic_version"
"""The table with the version of the schema."""
LOCK = 0x68626163
"""The key of a PostgreSQL advisory lock; unique, since the database is used by MLflow alone."""


def make_whole(uri: str, artifacts: Path) -> None:
    """Create the SQLite file or PostgreSQL's tables that a tracking URI names, unless they exist.

    Args:
        uri: MLflow's tracking URI.
        artifacts: the default folder of experiments' artifacts.

    Raises:
        HbacError: it cannot be written.
    """
    if uri.startswith("postgresql"):
        _make_tables(uri, artifacts)
    if not uri.startswith("sqlite:///"):
        return
    path = database_file(uri)
    if path.exists():
        return
    with hold_any([path.with_name(f"{path.name}.lock")], lambda holder: None):
        for left_behind in path.parent.glob(f".{path.stem}.*{TEMPORARY_MARK}*"):  # by a killed process
            left_behind.unlink()
        if not path.exists():
            from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

            logging.getLogger("mlflow.store.db.utils").setLevel(logging.WARNING)  # it logs the creation of tables
            with atomic_write(path) as temporary:
                SqlAlchemyStore(f"sqlite:///{temporary}", artifacts.as_uri()).engine.dispose()


def _make_tables(uri: str, artifacts: Path) -> None:
    """Create the tables of an empty PostgreSQL database, in one process at a time across machines."""
    from sqlalchemy import create_engine, inspect, text
    from sqlalchemy.exc import SQLAlchemyError

    engine = create_engine(uri, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            if inspect(connection).has_table(VERSIONS):
                return
            connection.execute(text("select pg_advisory_lock(:key)"), {"key": LOCK})  # until the connection ends
            if not inspect(connection).has_table(VERSIONS):
                from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

                SqlAlchemyStore(uri, artifacts.as_uri()).engine.dispose()
    except SQLAlchemyError as error:
        raise _unreadable(uri, error) from error
    finally:
        engine.dispose()


def follow_moved_artifacts(uri: str, artifacts: Path) -> None:
    """Update the artifact paths of experiments in an SQLite file that was moved with its artifacts.

    MLflow records absolute paths, and would recreate the old folders.

    Args:
        uri: MLflow's tracking URI.
        artifacts: the folder of the artifacts; nothing is done unless the file is beside it.
    """
    if not uri.startswith("sqlite:///") or (path := database_file(uri)).parent != artifacts.parent:
        return
    with closing(sqlite3.connect(path, timeout=20)) as database, database:
        locations = database.execute("select artifact_location from experiments").fetchall()
        for location in {location for (location,) in locations if location.startswith("file:")}:
            there = Path(url2pathname(urlsplit(location).path))
            here = artifacts / there.name
            if here.is_dir() and not there.exists():
                _replace_beginning(database, location, here.as_uri())


def _replace_beginning(database: sqlite3.Connection, old: str, new: str) -> None:
    """Replace one folder's URI by another wherever MLflow records it."""
    for table, column in (
        ("experiments", "artifact_location"),
        ("runs", "artifact_uri"),
        ("logged_models", "artifact_location"),
    ):
        database.execute(
            f"update {table} set {column} = ? || substr({column}, ?) where substr({column} || '/', 1, ?) = ?",  # noqa: S608
            (new, len(old) + 1, len(old) + 1, f"{old}/"),
        )


def database_file(uri: str) -> Path:
    """Return the SQLite file that a URI names."""
    from sqlalchemy import make_url

    return Path(str(make_url(uri).database)).absolute()


def require_present_schema(uri: str) -> None:
    """Refuse a database with the schema of another version of MLflow.

    MLflow would migrate some of them automatically, in several processes at once.

    Raises:
        HbacError: it is older or newer, or cannot be read.
    """
    if not is_database(uri):
        return
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory
    from mlflow.store import db_migrations
    from sqlalchemy import create_engine
    from sqlalchemy.exc import SQLAlchemyError

    engine = create_engine(uri)
    try:
        with engine.connect() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
    except SQLAlchemyError as error:
        raise _unreadable(uri, error) from error
    finally:
        engine.dispose()
    migrations = ScriptDirectory(str(Path(db_migrations.__file__).parent))
    if found in (None, migrations.get_current_head()):
        return
    if found in {migration.revision for migration in migrations.walk_revisions()}:
        raise HbacError(
            f"its database is of an older version; keep a copy of it, then run `mlflow db upgrade '{masked(uri)}'`"
        )
    raise HbacError(f"its database {masked(uri)} is of a newer version; install that one or name another database")


def _unreadable(uri: str, error: Exception) -> HbacError:
    said = " ".join(str(getattr(error, "orig", error)).split())
    return HbacError(f"its database {masked(uri)} cannot be read ({masked(said, uri)}); fix that or name another")
