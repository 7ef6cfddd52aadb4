"""From the name of an experiment to its checked settings."""

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from hbac_assets.errors import HbacError
from hbac_assets.experiments.schema import Experiment

FOLDER = Path(__file__).parent


def available_experiments() -> list[str]:
    """Return the names of the experiment files, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def load_experiment(name: str, *, miniature: bool = False) -> Experiment:
    """Read and check the experiment file `name`.yaml.

    Args:
        name: the file's name without its suffix, or a path to a file of your own.
        miniature: shrink it, see `Experiment.miniature`.

    Raises:
        HbacError: there is no such file, it is no YAML, or a key or value is not allowed; names file and key.
    """
    path = Path(name) if name.endswith(".yaml") else FOLDER / f"{name}.yaml"
    if not path.is_file():
        raise HbacError(
            f"HBAC_EXPERIMENT: no experiment '{name}'; expected one of {', '.join(available_experiments())} "
            "or the path of a .yaml file"
        )
    experiment = _checked(path, _parsed(path))
    return experiment.miniature() if miniature else experiment


def _parsed(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise HbacError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise HbacError(f"{path}: expected keys and values, found {type(content).__name__}")
    return content


def _checked(path: Path, content: dict[str, Any]) -> Experiment:
    """Validate the file's content; the `recipe` it may hold is what its members have in common."""
    recipe = content.pop("recipe", {})
    members = content.get("members")
    if isinstance(members, dict) and isinstance(recipe, dict):
        content["members"] = {name: _merged(recipe, own or {}) for name, own in members.items()}
    try:
        return Experiment(name=path.stem, **content)
    except ValidationError as error:
        raise HbacError(f"{path}: {'; '.join(_complaint(detail) for detail in error.errors())}") from error


def _merged(common: Any, own: Any) -> Any:
    """Return `own` laid over `common`, key by key."""
    if not (isinstance(common, dict) and isinstance(own, dict)):
        return own
    return common | {key: _merged(common.get(key), value) for key, value in own.items()}


def _complaint(detail: Any) -> str:
    key = ".".join(str(part) for part in detail["loc"])
    if detail["type"] == "extra_forbidden":
        return f"{key}: unknown key, found {detail['input']!r}; see the README for the keys there are"
    return f"{key}: {detail['msg']}, found {detail['input']!r}"
