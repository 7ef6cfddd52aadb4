"""The settings of an experiment's file, from pydantic's JSON schema of their classes."""

import json
from collections.abc import Iterator
from typing import Any

from documentation.markdown import code, first_paragraph, table
from hbac_assets.experiments.ensembles import BEST, Ensemble
from hbac_assets.experiments.schema import Experiment
from hbac_assets.learning.inputs.kinds import KINDS
from hbac_assets.learning.published_backbones import BACKBONES
from hbac_assets.learning.settings import MemberSettings, Preprocessing
from hbac_assets.scoring.blending import METHODS
from hbac_assets.scoring.calibration import CALIBRATIONS, NONE

# Text in the schema; validators check them.
CHECKED = {
    (MemberSettings.__name__, "backbone"): tuple(BACKBONES),
    (Preprocessing.__name__, "input"): tuple(KINDS),
    (Ensemble.__name__, "method"): (BEST, *METHODS),
    (Ensemble.__name__, "calibration"): (NONE, BEST, *CALIBRATIONS),
}
# Not a key of the file: the file's name is the experiment's.
NOT_SPELLED = {(Experiment.__name__, "name")}
BOUNDS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<", "multipleOf": "multiple of"}
TYPES = {"string": "text", "integer": "whole number", "number": "number", "boolean": "`true`, `false`", "null": "none"}


def settings_markdown() -> str:
    """Return a section for each set of settings: a description, its keys with values, defaults and descriptions."""
    definitions = _definitions()
    sections = []
    for name, path in _walk(definitions):
        where = f"Below the key {code(path)}." if path else "The complete file."
        rows = _rows(name, definitions)
        keys = table(("key", "values", "default", "meaning"), rows)
        sections.append(f"## {name}\n\n{where}\n\n{definitions[name]['description']}\n\n{keys}")
    return "\n\n".join(sections)


def _definitions() -> dict[str, Any]:
    schema = Experiment.model_json_schema()
    return {**schema["$defs"], Experiment.__name__: schema}


def _walk(definitions: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each set of settings with the first path of keys that leads to it, in reading order."""
    found = {Experiment.__name__: ""}
    waiting = list(found)
    while waiting:
        name = waiting.pop(0)
        yield name, found[name]
        for key, value in definitions[name]["properties"].items():
            for other in _references(value):
                if other not in found:
                    inner = ".<name>" if value.get("type") == "object" else ""
                    found[other] = f"{found[name]}.{key}{inner}".lstrip(".")
                    waiting.append(other)


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"].rpartition("/")[2]
        for one in value.values():
            yield from _references(one)
    elif isinstance(value, list):
        for one in value:
            yield from _references(one)


def _rows(name: str, definitions: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    for key, value in definitions[name]["properties"].items():
        if (name, key) in NOT_SPELLED:
            continue
        checked = CHECKED.get((name, key))
        allowed = ", ".join(map(code, checked)) if checked else _values(value)
        required = key in definitions[name].get("required", [])
        # For a set of settings without a description: that of its class.
        meaning = value.get("description") or first_paragraph(definitions[next(_references(value))]["description"])
        yield code(key), allowed, "required" if required else _default(value), meaning


def _default(value: dict[str, Any]) -> str:
    if any(_references(value)) and isinstance(value.get("default"), dict | list) and value["default"]:
        return "its own"
    default = value.get("default")
    return "none" if default in (None, "", [], {}) else code(json.dumps(default).strip('"'))


def _values(value: dict[str, Any]) -> str:
    """Return the allowed values in words."""
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "enum" in value or "const" in value:
        return ", ".join(code(one) for one in value.get("enum", [value.get("const")]))
    if "anyOf" in value:
        return " or ".join(map(_values, value["anyOf"]))
    if value.get("type") == "array":
        if "prefixItems" in value:
            return f"list of {len(value['prefixItems'])}: {' and '.join(map(_values, value['prefixItems']))}"
        return f"list: {_values(value['items'])}"
    if value.get("type") == "object":
        (inner,) = (
            value["patternProperties"].values() if "patternProperties" in value else [value["additionalProperties"]]
        )
        return f"names, each with {_values(inner)}"
    bounds = [f"{sign} {value[key]:.10g}" for key, sign in BOUNDS.items() if key in value]
    return ", ".join([TYPES[value["type"]], *bounds])
