"""Dagster's own files: its settings, and what it records of runs, in the folder that `DAGSTER_HOME` names."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from hbac_assets.errors import HbacError
from hbac_assets.files import place_to_write
from hbac_assets.locks import hold_any

if TYPE_CHECKING:
    from dagster import DagsterInstance


def open_instance() -> "DagsterInstance":
    """Return the instance that `DAGSTER_HOME` names.

    Only one process at a time opens it: two that made its databases at once would leave them of no use for ever.

    Raises:
        HbacError: it names none, or Dagster cannot open it.
    """
    from alembic.util import CommandError
    from dagster import DagsterError, DagsterInstance
    from sqlalchemy.exc import DatabaseError, OperationalError
    from yaml import YAMLError

    home = os.environ.get("DAGSTER_HOME", "")
    there = Path(home).is_absolute() and Path(home).is_dir()
    try:
        if not there:
            return DagsterInstance.get()
        with place_to_write(Path(home), "DAGSTER_HOME"), hold_any([Path(home) / "opening.lock"], lambda holder: None):
            return DagsterInstance.get()
    except OperationalError:  # of a disk, which is told where all writing is
        raise
    except (DatabaseError, CommandError) as error:
        raise HbacError(
            f"DAGSTER_HOME: expected Dagster's databases in {home}, found something else ({_said(error)}); move its "
            "folders history and schedules away: they record the runs that were, and hold no results"
        ) from error
    except (DagsterError, YAMLError, OSError) as error:
        raise HbacError(
            f"DAGSTER_HOME: expected the absolute path of a folder, with Dagster's settings in dagster.yaml, found "
            f"'{home}' ({_said(error)}); correct it, or unset it and `source .envrc`"
        ) from error


def _said(error: Exception) -> str:
    said = getattr(error, "orig", error)  # SQLAlchemy adds the statement
    return f"{type(error).__name__}: {' '.join(str(said).split())[:200]}"
