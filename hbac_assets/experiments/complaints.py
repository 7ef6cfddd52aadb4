"""Error messages for experiment files, from pydantic's errors: key, allowed values, value found."""

from collections.abc import Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel

from hbac_assets.experiments.schema import Experiment

# In the words of a file; pydantic's other messages are clear enough.
EXPECTED = {
    **dict.fromkeys(("int_parsing", "int_type", "int_from_float", "int_parsing_size"), "a whole number"),
    **dict.fromkeys(("float_parsing", "float_type"), "a number"),
    **dict.fromkeys(("bool_parsing", "bool_type"), "true or false"),
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), "keys and values"),
    **dict.fromkeys(("tuple_type", "list_type"), "a list"),
    "string_type": "text",
    "finite_number": "a finite number",
    "string_pattern_mismatch": "lower-case letters, digits and single underscores, a letter first",
    "too_short": "{min_length} or more of them",
    "too_long": "{max_length} of them",
}
LONGEST_SHOWN = 100


def complaint(error: Any) -> str:
    """Return one error of a `ValidationError` as the end of a line that begins with the file."""
    place = error["loc"]
    key = " ".join(".".join(map(str, place)).split())
    if error["type"] == "missing":
        return f"{key}: expected this key, found none; add it"
    if error["type"] == "extra_forbidden":
        known = ", ".join(allowed_keys(place))
        return f"{key}: unknown key, found {shown(error['input'])}; expected one of {known}; correct or remove it"
    message = error["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    if error["type"] in EXPECTED:
        message = EXPECTED[error["type"]].format(**error.get("ctx", {}))
    if "expected" not in message:
        message = f"expected {message}"
    if ", found " not in message:
        message = f"{message}, found {shown(error['input'])}"
    return f"{key}: {message}; correct it"


def shown(found: object) -> str:
    """Return a value as one short line."""
    whole = repr(found)
    return whole if len(whole) <= LONGEST_SHOWN else f"{whole[:LONGEST_SHOWN]}…"


def allowed_keys(place: Sequence[str | int]) -> list[str]:
    """Return the keys allowed in place of the last part of `place`."""
    model: type[BaseModel] = Experiment
    for part in place[:-1]:
        if part in model.model_fields:
            model = next(_models(model.model_fields[str(part)].annotation), model)
    return [name for name in model.model_fields if (model, name) != (Experiment, "name")]


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models within an annotation, such as those of a dictionary's values."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)
