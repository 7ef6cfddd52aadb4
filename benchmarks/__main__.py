"""`make bench`: run the rows, print the table, write `data/bench/report.md` and `report.json`."""

import argparse
import sys
import tempfile
import traceback
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from time import monotonic
from typing import Any

from benchmarks.machine import describe
from benchmarks.rows import ROWS
from benchmarks.table import Result, as_json, as_markdown
from hbac_assets.resources.paths import DATA_FOLDER
from hbac_assets.store.files import atomic_write, write_json

FOLDER = DATA_FOLDER / "bench"


def main() -> int:
    """Run the chosen rows and return the exit status: 1 if one of them failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rows", type=_rows, default=list(ROWS), help="such as 1,4; by default all")
    results = run({row: ROWS[row] for row in parser.parse_args().rows}, FOLDER)
    return int(any(result.failed for result in results))


def run(rows: Mapping[int, str], folder: Path) -> list[Result]:
    """Run rows, given as number and module, in order; print their table, and write it to `folder` after each."""
    results: list[Result] = []
    machine = describe()
    for row, module in rows.items():
        began = monotonic()
        print(f"row {row}: {module} ...", file=sys.stderr, flush=True)
        results += _run_row(row, module, folder)
        print(f"row {row}: done in {monotonic() - began:.0f} s", file=sys.stderr, flush=True)
        _write(results, machine, folder)
    print(as_markdown(results, machine))
    return results


def _write(results: list[Result], machine: Mapping[str, Any], folder: Path) -> None:
    with atomic_write(folder / "report.md") as temporary:
        temporary.write_text(as_markdown(results, machine), encoding="utf-8")
    write_json(folder / "report.json", as_json(results, machine))


def _run_row(row: int, module: str, folder: Path) -> list[Result]:
    """Run one row in an empty folder; its errors do not stop the others."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"row{row}-", dir=folder) as workspace:
        try:
            results: list[Result] = import_module(module).run(Path(workspace))
            return results
        except Exception as error:
            traceback.print_exc()
            reason = (str(error).splitlines() or [""])[0]
            return [Result.failure(row, module.rpartition(".")[2], f"{type(error).__name__}: {reason}")]


def _rows(text: str) -> list[int]:
    rows = [int(number) for number in text.split(",")]
    if unknown := [row for row in rows if row not in ROWS]:
        raise argparse.ArgumentTypeError(f"expected rows among {', '.join(map(str, ROWS))}, found {unknown[0]}")
    return rows


if __name__ == "__main__":
    sys.exit(main())
