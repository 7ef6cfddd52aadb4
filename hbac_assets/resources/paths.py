"""The default paths: everything that a run writes goes below `data/`.

This is the checkout's `data/`, or for an installed package the working folder's: nothing is written into the package.
"""

import os
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

from hbac_assets.errors import HbacError


def is_checkout(folder: Path) -> bool:
    """Return whether a folder is this project's source tree, by the project's name in pyproject.toml."""
    try:
        described = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
        return bool(described["project"]["name"] == "hbac-assets")
    except (OSError, ValueError, KeyError, TypeError):
        return False


_BESIDE_PACKAGE = Path(__file__).resolve().parents[2]
IN_CHECKOUT = is_checkout(_BESIDE_PACKAGE)
PROJECT_FOLDER = _BESIDE_PACKAGE if IN_CHECKOUT else Path.cwd()
DATA_FOLDER = PROJECT_FOLDER / "data"
DEFAULT_PLACES = {
    "DAGSTER_HOME": str(DATA_FOLDER / "dagster"),
    "HBAC_STORE": str(DATA_FOLDER / "store"),
    "MLFLOW_TRACKING_URI": f"sqlite:///{DATA_FOLDER / 'mlflow.db'}",
    # The folder in which `mlflow ui` keeps artifacts logged to it.
    "MLFLOW_ARTIFACTS_DESTINATION": str(DATA_FOLDER / "mlartifacts"),
}
"""Variables of paths, and their defaults."""


def require_plain_paths(environment: Mapping[str, str] = os.environ) -> None:
    """Refuse folders with a % in their path, which the databases of Dagster, MLflow and Optuna would misread.

    Raises:
        HbacError: the path of the project, its virtual environment, `HBAC_STORE` or `DAGSTER_HOME` has one.
    """
    folders = {
        "the project" if IN_CHECKOUT else "the working folder": str(PROJECT_FOLDER),
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
