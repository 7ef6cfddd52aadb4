"""What is wrong in an experiment file, from pydantic's errors to words: key, what is allowed, what was found."""

from collections.abc import Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel

from hbac_assets.experiments.schema import Experiment


def complaint(error: Any) -> str:
    """Return one of the errors of a `ValidationError` as the end of a line that begins with the file."""
    place = error["loc"]
    key, found = ".".join(map(str, place)), f"found {error['input']!r}"
    if error["type"] == "missing":
        return f"{key}: expected this key, found none; add it"
    if error["type"] == "extra_forbidden":
        return f"{key}: unknown key, {found}; expected one of {', '.join(allowed_keys(place))}"
    return f"{key}: {error['msg'].removeprefix('Value error, ')}, {found}"


def allowed_keys(place: Sequence[str | int]) -> list[str]:
    """Return the keys that may stand where the last part of `place` does."""
    model: type[BaseModel] = Experiment
    for part in place[:-1]:
        if part in model.model_fields:
            model = next(_models(model.model_fields[str(part)].annotation), model)
    return [name for name in model.model_fields if (model, name) != (Experiment, "name")]


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models within an annotation, such as that of the values of a dictionary."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)
