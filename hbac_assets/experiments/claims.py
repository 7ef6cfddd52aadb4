"""The record, in a store, of the user's file to which an experiment's results belong; packaged ones need none.

The path is relative, so that a project moved as a whole keeps its results.
"""

import json
import os
from pathlib import Path

from hbac_assets.store.files import write_json

CLAIMS = "experiments"


def claim_of(name: str, store: Path) -> Path:
    """Return the path of the record for an experiment's name."""
    return store / CLAIMS / f"{name}.json"


def write_claim(record: Path, store: Path, file: Path) -> None:
    """Record the file."""
    write_json(record, {"file": os.path.relpath(file, store)})


def claimed_file(record: Path, store: Path) -> Path | None:
    """Return the file that a record names; None without a record."""
    try:
        return (store / Path(json.loads(record.read_text(encoding="utf-8"))["file"])).resolve()
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def is_there(file: Path) -> bool:
    """Return whether a file exists, as far as this user can see."""
    try:
        return file.exists()
    except PermissionError:  # in another user's folder
        return True
