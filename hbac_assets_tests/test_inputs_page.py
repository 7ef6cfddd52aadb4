"""docs/inputs.md lists each tested case with its outcome, and names existing tests."""

import ast
import re

from hbac_assets_tests.faults import test_recordings, test_tables, test_test_sets
from hbac_assets_tests.projects import CHECKOUT

PAGE = (CHECKOUT / "docs" / "inputs.md").read_text(encoding="utf-8")
CASES = {
    "accepted": [test_tables.ACCEPTED, test_recordings.ACCEPTED],
    "set aside": [test_tables.SET_ASIDE, test_recordings.SET_ASIDE, test_recordings.WINDOWS],
    "refused": [test_tables.REFUSED],
    "predicted": [test_test_sets.SPOILT],
}


def test_each_case_stands_there_once_with_its_outcome():
    rows = [line.split(" | ") for line in PAGE.splitlines() if line.startswith("| ") and ".py::" not in line]
    listed = [(row[0].removeprefix("| "), row[1].strip(" |")) for row in rows if row[0] != "| what"]
    tested = [(name, outcome) for outcome, tables in CASES.items() for table in tables for name in table]
    assert sorted(listed) == sorted(tested)


def test_the_tests_that_it_names_exist():
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE)
    assert named
    for path, function in named:
        tree = ast.parse((CHECKOUT / "hbac_assets_tests" / path).read_text(encoding="utf-8"))
        assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
