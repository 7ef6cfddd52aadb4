"""The report of a run: a failing row becomes a line, and the others continue."""

import json
from importlib import import_module

from benchmarks.__main__ import run
from benchmarks.rows import ROWS as EVERY_ROW

ROWS = {1: "hbac_assets_tests.benchmarks.absent", 2: "hbac_assets_tests.benchmarks.examples"}


def test_a_row_that_fails_does_not_keep_the_others_from_running(tmp_path, capsys):
    failed, found = run(ROWS, tmp_path)
    assert failed.failed
    assert "absent" in failed.remark
    assert (found.row, found.ratio, found.failed) == (2, 2.0, False)

    report = (tmp_path / "report.md").read_text()
    assert capsys.readouterr().out == report + "\n"
    first, second = report.splitlines()[-2:]
    assert first.startswith("| 1 | absent |")
    assert "| failed | ModuleNotFoundError: " in first
    assert second == "| 2 | nothing | 1 \\| 2 ms | 3 ms | 2.00 | ≥ 1.5 | yes |  |"


def test_the_json_holds_all_figures_and_the_machine(tmp_path):
    run(ROWS, tmp_path)
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["results"][1]["measured"] == {"ours": [1, 2]}
    assert "jax" in report["machine"]["versions"]
    assert {file.name for file in tmp_path.iterdir()} == {"report.md", "report.json"}


def test_each_row_calls_itself_by_its_number():
    assert {row: import_module(module).ROW for row, module in EVERY_ROW.items()} == {row: row for row in EVERY_ROW}
