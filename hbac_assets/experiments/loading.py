"""Loading an experiment by name, with validated settings."""

import re
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hbac_assets.errors import HbacError
from hbac_assets.experiments.complaints import complaint, shown
from hbac_assets.experiments.member_file import find_member, read_member
from hbac_assets.experiments.schema import MINIATURE, Experiment
from hbac_assets.experiments.yaml_file import read_yaml

FOLDER = Path(__file__).parent
# It names the results' folder and MLflow's experiment.
FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")


def available_experiments() -> list[str]:
    """Return the names of the experiment files, sorted."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def load_experiment(name: str, *, miniature: bool = False) -> Experiment:
    """Read and check the experiment file `name`.yaml.

    Args:
        name: the file's name without its suffix, or the path of a user's file.
        miniature: reduce it, see `Experiment.miniature`.

    Raises:
        HbacError: there is no such file, or its name or contents are invalid; names file and key.
    """
    if not (name.endswith(".yaml") or name in available_experiments()):
        raise HbacError(
            f"HBAC_EXPERIMENT: expected one of {', '.join(available_experiments())} or the path of a .yaml file, "
            f"found {name!r}; correct it"
        )
    path = _file_of(name)
    if not FILE_NAME.fullmatch(path.stem):
        raise HbacError(
            f"HBAC_EXPERIMENT: expected a file whose name is up to 60 letters, digits, _, - and ., a letter or digit "
            f"first, found {name!r}; rename it"
        )
    if own_file(name) and path.stem.removesuffix(MINIATURE) in available_experiments():
        raise HbacError(
            "HBAC_EXPERIMENT: expected a file whose name is not that of an experiment of this project, found "
            f"{name!r}; rename it, or their results would overwrite each other"
        )
    experiment = _checked(path, read_yaml(path))
    return experiment.miniature() if miniature else experiment


def own_file(name: str) -> Path | None:
    """Return the resolved path of a user's experiment file; None for packaged experiments."""
    path = Path(name)
    return path.resolve() if name.endswith(".yaml") and path.parent.resolve() != FOLDER.resolve() else None


def named_member_files(name: str) -> list[Path]:
    """Return the files that the members of an experiment name by `from`.

    Raises:
        HbacError: the experiment's file is not YAML, or one of them is missing.
    """
    path = _file_of(name)
    members = read_yaml(path).get("members") or {}
    return [find_member(path, member, own["from"]) for member, own in members.items() if own and "from" in own]


def _file_of(name: str) -> Path:
    return Path(name) if name.endswith(".yaml") else FOLDER / f"{name}.yaml"


def _checked(path: Path, content: dict[str, Any]) -> Experiment:
    """Validate the file's content; its optional `recipe` is common to its members.

    A member's own keys take precedence over those of its file `from`, and these over the recipe.
    """
    if "name" in content:
        raise HbacError(f"{path}: name: expected none, the file's own name is the experiment's; remove it")
    recipe = content.pop("recipe", {})
    if not isinstance(recipe, dict):
        raise HbacError(f"{path}: recipe: expected keys and values, found {shown(recipe)}; correct it")
    members = content.get("members")
    files: dict[str, Path] = {}
    if isinstance(members, dict):
        for name, own in members.items():
            base = recipe
            if isinstance(own, dict) and "from" in own:
                files[name] = find_member(path, name, own.pop("from"))
                base = _merged(recipe, read_member(path, name, files[name]))
            members[name] = _merged(base, {} if own is None else own)
    try:
        return Experiment.model_validate(content | {"name": path.stem})
    except ValidationError as error:
        raise HbacError(f"{path}: {'; '.join(_complaint(detail, files) for detail in error.errors())}") from error


def _merged(common: Any, own: Any) -> Any:
    """Return `common` overridden by `own`, key by key."""
    if not (isinstance(common, dict) and isinstance(own, dict)):
        return own
    return common | {key: _merged(common.get(key), value) for key, value in own.items()}


def _complaint(error: Any, files: dict[str, Path]) -> str:
    where, name = [*error["loc"], "", ""][:2]
    beginning = f" (the member begins with {files[name]})" if where == "members" and name in files else ""
    return complaint(error) + beginning
