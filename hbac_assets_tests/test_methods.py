"""The table of methods is complete: its settings and tests exist, and no setting is missing."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from hbac_assets.experiments.schema import Experiment
from hbac_assets.learning.settings import MemberSettings
from hbac_assets_tests.projects import CHECKOUT

TABLE = CHECKOUT / "docs" / "methods.md"
TEXTS = {"name", "description", "members", "published", "comparability"}
ROWS = [
    [cell.strip() for cell in line.strip().strip("|").split(" | ")]
    for line in TABLE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| method ")
]


def functions(path: Path) -> set[str]:
    return {node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}


def settings_of(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        below = [one for one in (field.annotation, *getattr(field.annotation, "__args__", ())) if isinstance(one, type)]
        nested = [one for one in below if issubclass(one, BaseModel)]
        if nested and not prefix and name in ("preprocessing", "augmentation", "optimizer", "schedule", "stages"):
            yield from settings_of(nested[0], f"{prefix}{name}.")
        else:
            yield prefix + name


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_method_has_a_setting_and_tests_that_exist(row):
    method, report, setting, tests = row
    assert all((method, report, setting, tests))
    assert set(report.split(", ")) <= {"ODU", "OSU", "Radboud", "ours"}
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", tests)
    assert named
    for path, function in named:
        assert function in functions(CHECKOUT / "hbac_assets_tests" / path)


def test_every_setting_is_in_the_table():
    named = set(re.findall(r"`([\w.]+)", " ".join(row[2] for row in ROWS)))
    assert {*settings_of(MemberSettings), *set(Experiment.model_fields) - TEXTS} - named == set()
