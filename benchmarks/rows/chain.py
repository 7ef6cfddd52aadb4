"""The whole chain of `quickstart`, under Dagster and as a plain script: the cost of orchestration.

Both begin with an empty store and the same compiled programs. One repetition takes minutes, so there is only one unless
the variable `REPEATS` is set.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from benchmarks.commands import prepare_command, project_environment
from benchmarks.dagster_log import launches, newest_log, seconds_of_imports, seconds_of_launches
from benchmarks.pairs import compare
from benchmarks.sides import Side
from benchmarks.table import Result
from hbac_assets.experiments.loading import FOLDER
from hbac_assets.resources.paths import PROJECT_FOLDER
from hbac_assets.synthetic.settings import SyntheticSettings

ROW = 8
MOST = 1.5
HOME, OUR_SUBMISSION, THEIR_SUBMISSION = "home", "ours.csv", "theirs.csv"
WARM_UP_ROWS = 48


def run(workspace: Path) -> list[Result]:
    """Measure both, and read the cost of processes from Dagster's event log."""
    compiled = _compiled_programs(workspace)
    repetitions = int(os.environ.get("REPEATS") or 1)
    recordings = SyntheticSettings().recordings
    arguments = {"folder": str(workspace), "compiled": str(compiled), "recordings": recordings}
    comparison = compare(
        Side("under Dagster", "benchmarks.rows.chain:prepare_ours", arguments),
        Side("plain script", "benchmarks.rows.chain:prepare_theirs", arguments),
        repetitions,
        warm_up=0,
    )
    log = newest_log(str(workspace / HOME))
    same = same_submission(workspace / OUR_SUBMISSION, workspace / THEIR_SUBMISSION)
    steps, imports, launched = len(launches(log)), seconds_of_imports(log), seconds_of_launches(log)
    return [
        Result(
            ROW,
            "the whole chain of quickstart",
            ours=f"{comparison.our_median:.0f} s",
            against=f"plain script: {comparison.their_median:.0f} s",
            ratio=comparison.cost,
            to_reach=f"≤ {MOST}",
            reached=comparison.cost <= MOST and same,
            remark=f"{'same submission' if same else 'submissions differ'}; measured {repetitions} ×, programs "
            f"compiled before; imports {imports:.1f} s, once; starting {steps} processes {launched - imports:.1f} s",
            measured={**asdict(comparison), "imports": imports, "launches": launched, "steps": steps},
        )
    ]


def prepare_ours(folder: str, compiled: str, recordings: int) -> Callable[[], int]:
    """Return a repetition that does what `make run` does, in an empty project."""

    def repetition() -> int:
        project = _fresh(folder, compiled)
        environment = project_environment(project) | {"HBAC_SYNTHETIC_RECORDINGS": str(recordings)}
        prepare_command([sys.executable, "-m", "hbac_assets", "run"], str(PROJECT_FOLDER), environment)()
        (submission,) = (project / "store").glob("*/quickstart/submission.csv")
        submission.replace(Path(folder, OUR_SUBMISSION))
        shutil.rmtree(Path(folder, HOME), ignore_errors=True)
        shutil.move(environment["DAGSTER_HOME"], Path(folder, HOME))
        shutil.rmtree(project)
        return 1

    return repetition


def prepare_theirs(folder: str, compiled: str, recordings: int) -> Callable[[], int]:
    """Return a repetition that runs the plain script in an empty folder."""

    def repetition() -> int:
        project = _fresh(folder, compiled)
        plain_chain("quickstart", recordings, project)
        (project / "submission.csv").replace(Path(folder, THEIR_SUBMISSION))
        shutil.rmtree(project)
        return 1

    return repetition


def plain_chain(experiment: str, recordings: int, folder: Path) -> None:
    """Run the plain script."""
    command = [sys.executable, "-m", "benchmarks.plain_chain", experiment, str(recordings), str(folder)]
    prepare_command(command, str(PROJECT_FOLDER), {})()


def same_submission(ours: Path, theirs: Path) -> bool:
    """Return whether two submissions are equal up to the last digits, which depend on the order of summation."""
    one, other = pd.read_csv(ours), pd.read_csv(theirs)
    return one.columns.equals(other.columns) and one.shape == other.shape and np.allclose(one, other, rtol=0, atol=1e-9)


def _fresh(folder: str, compiled: str) -> Path:
    """Return a new folder with only the compiled programs."""
    fresh = Path(tempfile.mkdtemp(dir=folder))
    shutil.copytree(compiled, fresh / "cache" / "jax")
    return fresh


def _compiled_programs(workspace: Path) -> Path:
    """Return a folder with the programs of all members of `quickstart`, compiled by a short run of the plain script."""
    experiment: dict[str, Any] = yaml.safe_load((FOLDER / "quickstart.yaml").read_text(encoding="utf-8"))
    experiment["recipe"]["schedule"]["warmup_epochs"] = 0
    short = {name: member | {"epochs": 1} for name, member in experiment["members"].items()}
    path = workspace / "short.yaml"
    path.write_text(yaml.safe_dump(experiment | {"members": short, "folds": 2}), encoding="utf-8")
    plain_chain(str(path), WARM_UP_ROWS, workspace / "warm_up")
    return workspace / "warm_up" / "cache" / "jax"
