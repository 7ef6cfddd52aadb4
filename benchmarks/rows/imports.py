"""The time to load the project, against Dagster itself."""

import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks.commands import project_environment
from benchmarks.pairs import Comparison, compare
from benchmarks.sides import Side
from benchmarks.table import Result
from hbac_assets.resources.paths import PROJECT_FOLDER

ROW = 6
MOST = 1.5
HEAVY = {"jax", "keras", "keras_cv", "matplotlib", "mlflow", "sklearn", "tensorflow"}
LOAD = "from hbac_assets import defs"
EMPTY_PROJECT = "from dagster import Definitions\n\ndefs = Definitions()\n"


def run(workspace: Path) -> list[Result]:
    """Measure importing the package and validating the code location, and list the heavy imports of the latter."""
    empty = workspace / "empty"
    (empty / "empty_project").mkdir(parents=True)
    (empty / "empty_project" / "__init__.py").write_text(EMPTY_PROJECT, encoding="utf-8")
    environment = project_environment(workspace)
    validate = ("-m", "dagster", "definitions", "validate", "-m")
    heavy = sorted(_loaded(LOAD) & HEAVY)
    pairs = [
        ("import hbac_assets", ("-c", "import hbac_assets"), "import dagster", ("-c", "import dagster")),
        ("validate the definitions", (*validate, "hbac_assets"), "an empty project", (*validate, "empty_project")),
    ]
    return [
        _result(
            work,
            against,
            compare(_command(work, ours, PROJECT_FOLDER, environment), _command(against, theirs, empty, environment)),
            heavy,
        )
        for work, ours, against, theirs in pairs
    ]


def _result(work: str, against: str, comparison: Comparison, heavy: list[str]) -> Result:
    return Result(
        ROW,
        work,
        ours=f"{comparison.our_median:.2f} s",
        against=f"{against}: {comparison.their_median:.2f} s",
        ratio=comparison.cost,
        to_reach=f"≤ {MOST}",
        reached=comparison.cost <= MOST and not heavy,
        remark=f"imports {', '.join(heavy)}" if heavy else "",
        measured=asdict(comparison),
    )


def _command(name: str, arguments: tuple[str, ...], folder: Path, environment: dict[str, str]) -> Side:
    command = [sys.executable, *arguments]
    return Side(
        name,
        "benchmarks.commands:prepare_command",
        {"command": command, "folder": str(folder), "environment": environment},
    )


def _loaded(statement: str) -> set[str]:
    """Return `sys.modules` after a statement in a fresh process."""
    code = f"{statement}\nimport sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT_FOLDER, capture_output=True, text=True, check=True)
    return set(done.stdout.split())
