"""Where things lie when the environment does not say: everything that a run writes goes below `data/`."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from hbac_assets.errors import HbacError

PROJECT_FOLDER = Path(__file__).resolve().parents[2]
DATA_FOLDER = PROJECT_FOLDER / "data"


def require_plain_paths(environment: Mapping[str, str] = os.environ) -> None:
    """Refuse folders in whose path the databases of Dagster, MLflow and Optuna would read a % as something else.

    Raises:
        HbacError: there is one in the path of the project, its virtual environment, `HBAC_STORE` or `DAGSTER_HOME`.
    """
    folders = {
        "the project": str(PROJECT_FOLDER),
        "the virtual environment": sys.prefix,
        **{name: environment.get(name, "") for name in ("HBAC_STORE", "DAGSTER_HOME")},
    }
    for name, folder in folders.items():
        if "%" in folder:
            raise HbacError(
                f"{name}: expected a folder without % in its path, which databases read as something else, found "
                f"{folder}; rename it"
            )


def absolute(path: str) -> Path:
    """Return `path` resolved against the working folder, with `~` for the home folder."""
    return Path(path).expanduser().resolve()
