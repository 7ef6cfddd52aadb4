"""Dagster's own files in `DAGSTER_HOME`: its settings and its records of runs."""

import filecmp
import os
import shutil
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hbac_assets.errors import HbacError
from hbac_assets.resources.paths import DEFAULT_PLACES
from hbac_assets.resources.tracking_uri import masked
from hbac_assets.store.files import LITTLE_SPACE, atomic_write, writable
from hbac_assets.store.locks import hold_any

if TYPE_CHECKING:
    from dagster import DagsterInstance

DATABASES = ("history/runs.db", "history/runs/index.db", "schedules/schedules.db")
SETTINGS = Path(__file__).with_name("dagster.yaml")
SERVER_URI = "HBAC_DAGSTER_URI"
SERVER_SETTINGS = SETTINGS.with_name("dagster-postgresql.yaml")
"""Settings for Dagster with its records in the database at `SERVER_URI`."""
DRIVER = "postgresql+psycopg2://"
LOCKED = "database is locked"
LOCKED_SECONDS = 60.0


def open_instance() -> "DagsterInstance":
    """Return the instance of `DAGSTER_HOME`, creating its folder if that is the default.

    Only one process at a time opens it: two that created its databases at once would break them for good. It waits
    for another program that has locked one of them.

    Raises:
        HbacError: it is not a folder, Dagster cannot open it, or a database stays locked.
    """
    from alembic.util import CommandError
    from dagster import DagsterError, DagsterInstance
    from sqlalchemy import Engine, event
    from sqlalchemy.exc import DatabaseError, OperationalError
    from yaml import YAMLError

    home = os.environ.get("DAGSTER_HOME", "")
    if home == DEFAULT_PLACES["DAGSTER_HOME"]:
        make_home(Path(home))
    there = Path(home).is_absolute() and Path(home).is_dir()
    try:
        if not there:
            return DagsterInstance.get()
        with (
            writable(Path(home), "DAGSTER_HOME", LITTLE_SPACE),
            hold_any([Path(home) / "opening.lock"], lambda holder: None),
        ):
            _wait_for_databases(Path(home))
            if not event.contains(Engine, "connect", _be_patient):
                event.listen(Engine, "connect", _be_patient)
            return DagsterInstance.get()
    except OperationalError as error:
        if not (uri := os.environ.get(SERVER_URI)):  # a full disk, reported where all writing is
            raise
        raise HbacError(
            f"{SERVER_URI}: expected a database at {masked(uri)}, found none that answers ({masked(_message(error))}); "
            "start it or correct the URI"
        ) from error
    except (DatabaseError, CommandError) as error:
        raise HbacError(
            f"DAGSTER_HOME: expected Dagster's databases in {home}, found something else ({_message(error)}); move its "
            "folders history and schedules away: they record past runs and hold no results"
        ) from error
    except (DagsterError, YAMLError, OSError) as error:
        raise HbacError(
            f"DAGSTER_HOME: expected the absolute path of a folder, with Dagster's settings in dagster.yaml, found "
            f"'{home}' ({_message(error)}); correct it or unset it"
        ) from error


def make_home(home: Path) -> None:
    """Create a folder for Dagster, or update its settings to this project's.

    Raises:
        HbacError: it cannot be written.
    """
    settings, source = home / SETTINGS.name, SERVER_SETTINGS if os.environ.get(SERVER_URI) else SETTINGS
    if settings.is_file() and filecmp.cmp(source, settings, shallow=False):
        return
    with writable(home, "DAGSTER_HOME"), atomic_write(settings) as temporary:
        shutil.copyfile(source, temporary)


def require_server(uri: str) -> None:
    """Require the URI of a database that Dagster can use for its records.

    Raises:
        HbacError: it is of another kind, or has no driver or another one.
    """
    if not uri.startswith(DRIVER):
        raise HbacError(
            f"{SERVER_URI}: expected {DRIVER}user@host/database, since a bare postgresql:// means another driver, "
            f"with which Dagster does not work, found '{masked(uri)}'; correct or unset it"
        )


@contextmanager
def told_if_locked() -> Iterator[None]:
    """Turn the error of a Dagster database that another program has locked for too long into one line.

    Raises:
        HbacError: that error occurred in the block.
    """
    from sqlalchemy.exc import OperationalError

    try:
        yield
    except OperationalError as error:
        if LOCKED not in str(error):
            raise
        raise _locked(Path(os.environ.get("DAGSTER_HOME", ""))) from error


def _wait_for_databases(home: Path) -> None:
    """Wait until the existing databases can be written; Dagster would wait for only some of them, and silently."""
    began = time.monotonic()
    for path in filter(Path.is_file, map(home.joinpath, DATABASES)):
        told = False
        while _is_locked(path):
            if time.monotonic() - began > LOCKED_SECONDS:
                raise _locked(path)
            if not told:
                print(f"DAGSTER_HOME: waiting for another program that has locked {path}", file=sys.stderr, flush=True)
                told = True
            time.sleep(0.5)


def _be_patient(connection: object, record: object) -> None:
    """Give a new connection the same patience with a locked database; Dagster's own to the runs has five seconds."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute(f"pragma busy_timeout = {LOCKED_SECONDS * 1000:.0f}")


def _is_locked(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as database:
            database.execute("begin immediate")
            database.execute("rollback")
    except sqlite3.OperationalError as error:
        return LOCKED in str(error)
    except sqlite3.DatabaseError:  # not a database: reported by whoever opens it
        pass
    return False


def _locked(place: Path) -> HbacError:
    return HbacError(
        f"DAGSTER_HOME: {place}: another program keeps a database locked; end that one, such as a viewer with an open "
        "transaction or a backup (`fuser` with the file's path names it), and run again"
    )


def _message(error: Exception) -> str:
    said = getattr(error, "orig", error)  # SQLAlchemy adds the statement
    return f"{type(error).__name__}: {' '.join(str(said).split())[:200]}"
