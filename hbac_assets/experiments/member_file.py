"""A file with one member's recipe, in the keys of the experiment files; an experiment names it by `from`."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from hbac_assets.errors import HbacError
from hbac_assets.experiments.yaml_file import read_yaml
from hbac_assets.learning.settings import MemberSettings
from hbac_assets.store.files import atomic_write


def write_member(path: Path, settings: MemberSettings, comment: str) -> None:
    """Write the complete recipe, including defaults, below a comment line."""
    recipe = yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False)
    with atomic_write(path) as temporary:
        temporary.write_text(f"# {comment}\n{recipe}", encoding="utf-8")


def find_member(experiment: Path, member: str, source: object) -> Path:
    """Return the file that a member of an experiment's file names; relative paths begin at that file's folder.

    Raises:
        HbacError: there is no such file; names both.
    """
    with suppress(OSError, RuntimeError):  # an impossible file name, an unknown user
        if isinstance(source, str) and (path := experiment.parent / Path(source).expanduser()).is_file():
            return path
    raise HbacError(
        f"{experiment}: members.{member}.from: expected the path of a member's file, found {source!r}; "
        "correct it, or materialize hyperparameter_search, which writes such a file"
    )


def read_member(experiment: Path, member: str, path: Path) -> dict[str, Any]:
    """Return the keys and values of a file from `find_member`; they are checked with the member's own.

    Raises:
        HbacError: it is not YAML; names both files.
    """
    try:
        return read_yaml(path)
    except HbacError as error:
        raise HbacError(f"{experiment}: members.{member}.from: {error}") from error
