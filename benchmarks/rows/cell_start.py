"""The start-up time of a cell: from Dagster starting its process to its first training step.

The cell is one of `quickstart`'s, with so few rows that an epoch is one step; its first log line comes after that step,
a validation and a checkpoint. The imports that the forked step saves happen once per run; the remark gives their time.
"""

import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from benchmarks.commands import prepare_command, project_environment
from benchmarks.dagster_log import launches, newest_log, seconds_of_imports
from benchmarks.pairs import compare
from benchmarks.sides import Side
from benchmarks.table import Result
from hbac_assets.experiments.loading import FOLDER
from hbac_assets.resources.paths import PROJECT_FOLDER

ROW = 7
MOST = 1.5
MEMBER = "mobilenet_v3_small"
ROWS = 24
IMPORT_KERAS_CV = [sys.executable, "-c", "import keras_cv"]


def run(workspace: Path) -> list[Result]:
    """Measure the start of a cell with compiled programs."""
    experiment = workspace / "one_cell.yaml"
    experiment.write_text(yaml.safe_dump(_one_cell()), encoding="utf-8")
    environment = {
        **project_environment(workspace),
        "HBAC_EXPERIMENT": str(experiment),
        "HBAC_SYNTHETIC_RECORDINGS": str(2 * ROWS),
    }
    materialize("*fold_assignments", {}, environment)()
    comparison = compare(
        Side("a cell", "benchmarks.rows.cell_start:prepare_cell", {"environment": environment}, environment),
        Side(
            "import keras_cv",
            "benchmarks.commands:prepare_command",
            {"command": IMPORT_KERAS_CV, "folder": str(workspace), "environment": {"KERAS_BACKEND": "jax"}},
        ),
    )
    imports = seconds_of_imports(newest_log(environment["DAGSTER_HOME"]))
    return [
        Result(
            ROW,
            "start of a cell, to its first training step",
            ours=f"{comparison.our_median:.1f} s",
            against=f"import keras_cv on JAX: {comparison.their_median:.1f} s",
            ratio=comparison.cost,
            to_reach=f"≤ {MOST}",
            reached=comparison.cost <= MOST,
            remark="with a validation and a checkpoint; imports of the process from which steps are forked, once per "
            f"run: {imports:.1f} s",
            measured={**asdict(comparison), "imports": imports},
        )
    ]


def prepare_cell(environment: dict[str, str]) -> Callable[[], float]:
    """Return a repetition that trains the cell again and reads its start from Dagster's event log."""
    grid = {"members": [MEMBER], "folds": [0], "retrain": True}
    train = materialize("trained_models", {"ops": {"trained_models": {"config": grid}}}, environment)

    def repetition() -> float:
        train()
        log = newest_log(os.environ["DAGSTER_HOME"])
        trained = [entry for entry in log if "train_fold" in (entry.step_key or "")]
        first_epoch = next(entry for entry in trained if "epoch 1/1" in entry.user_message)
        return first_epoch.timestamp - launches(trained)[0].timestamp

    return repetition


def materialize(selection: str, config: dict[str, Any], environment: dict[str, str]) -> Callable[[], int]:
    """Return a function that materializes assets by Dagster's own command."""
    command = [sys.executable, "-m", "dagster", "asset", "materialize", "-m", "hbac_assets"]
    command += ["--select", selection, "--config-json", json.dumps(config)]
    return prepare_command(command, str(PROJECT_FOLDER), environment)


def _one_cell() -> dict[str, Any]:
    """Return `quickstart` with one member, and so few rows that an epoch is one step."""
    experiment: dict[str, Any] = yaml.safe_load((FOLDER / "quickstart.yaml").read_text(encoding="utf-8"))
    experiment["recipe"]["schedule"]["warmup_epochs"] = 0
    member = experiment["members"][MEMBER] | {"epochs": 1}
    return experiment | {"folds": 2, "max_rows": ROWS, "members": {MEMBER: member}}
