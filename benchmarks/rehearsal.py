"""`make rehearsal DIR=…`: the chain on a full-size folder, stage by stage, with time, memory and disk.

The commands are those of a user, each in a separate process. Times include the start of the command; memory is the peak
of its largest process, without mapped files; disk is the growth of the store and MLflow. The table goes to
`data/bench/rehearsal.md`, the store is deleted at the end.
"""

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import psutil
import yaml

from benchmarks.commands import project_environment
from benchmarks.machine import describe
from benchmarks.sides import environment_of_users
from hbac_assets.competition.folds import SamplingRule
from hbac_assets.resources.paths import DATA_FOLDER
from hbac_assets.store.files import atomic_write

POLL_SECONDS = 0.2
RECIPE = {
    "backbone": "mobilenet_v3_small",
    "preprocessing": {"image_size": [64, 96]},
    "batch_size": 64,
    "epochs": 1,
    "batchnorm_momentum": 0.9,
}


@dataclass(frozen=True)
class Stage:
    """A part of the chain, by the assets that are selected, for an experiment."""

    name: str
    experiment: str
    selection: str


@dataclass(frozen=True)
class Measured:
    """The measurements of a stage."""

    stage: str
    seconds: float
    memory: int
    disk: int


STAGES = (
    Stage("from nothing to folds, Kaggle's spectrograms alone", "first_per_spectrogram", "*fold_assignments"),
    Stage("folds of one row of each EEG, all else up to date", "one_per_eeg", "*fold_assignments"),
    Stage(
        "folds of one row of each EEG and vote vector, all else up to date",
        "one_per_eeg_and_votes",
        "*fold_assignments",
    ),
    Stage("folds of all rows, all else up to date", "all", "*fold_assignments"),
    Stage("from there to EEG spectrograms and folds", "every_input", "*fold_assignments"),
    Stage("training: 3 members (kaggle, eeg, both) × 2 folds × 1 epoch", "every_input", "trained_models"),
    Stage("out-of-fold predictions", "every_input", "oof_predictions"),
    Stage("ensemble", "every_input", "ensemble"),
    Stage("submission of the test set", "every_input", "submission"),
    Stage("report", "every_input", "experiment_report"),
    Stage("all of it again, up to date", "every_input", "*submission"),
)


def main() -> int:
    """Run all stages on the named folder and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rehearsal", description=__doc__)
    parser.add_argument("folder", type=Path, help="a folder in Kaggle's layout")
    folder = parser.parse_args().folder.resolve()
    target = DATA_FOLDER / "bench"
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="rehearsal-", dir=target) as workspace:
        environment = environment_of_users() | project_environment(Path(workspace)) | {"HBAC_DATA_DIR": str(folder)}
        measured = [_run(stage, environment, Path(workspace)) for stage in STAGES]
    lines = [*(f"- {name}: {value}" for name, value in describe().items()), "", *_table(measured)]
    with atomic_write(target / "rehearsal.md") as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))
    return 0


def experiments() -> dict[str, dict[str, Any]]:
    """Return the experiments by name: one for each sampling rule, and one with a member for each kind of input."""
    one: dict[str, dict[str, Any]] = {
        name: {"description": "A rehearsal.", "folds": 5, "sampling": name, "members": {"kaggle": RECIPE}}
        for name in get_args(SamplingRule)
    }
    members = {
        kind: RECIPE | {"preprocessing": {"input": kind, "image_size": [64, 96]}} for kind in ("kaggle", "eeg", "both")
    }
    every = {"description": "A rehearsal.", "folds": 2, "sampling": "one_per_eeg", "members": members}
    return {**one, "every_input": every}


def _run(stage: Stage, environment: Mapping[str, str], workspace: Path) -> Measured:
    """Run and measure the command of a stage; its output goes to a file.

    Raises:
        RuntimeError: it failed; with the end of its output.
    """
    print(f"{stage.name} ...", file=sys.stderr, flush=True)
    experiment = workspace / f"{stage.experiment}.yaml"
    experiment.write_text(yaml.safe_dump(experiments()[stage.experiment], sort_keys=False), encoding="utf-8")
    command = ["dagster", "asset", "materialize", "-m", "hbac_assets", "--select", stage.selection]
    before, began = _size(workspace), time.monotonic()
    memory = _watched(command, dict(environment) | {"HBAC_EXPERIMENT": str(experiment)}, workspace / "log")
    measured = Measured(stage.name, time.monotonic() - began, memory, _size(workspace) - before)
    print(_row(measured), file=sys.stderr, flush=True)
    return measured


def _watched(command: list[str], environment: Mapping[str, str], log: Path) -> int:
    """Run a command and return the peak memory of its largest process."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    most = 0
    over = threading.Event()

    def watch() -> None:
        nonlocal most
        while not over.wait(POLL_SECONDS):
            most = max(most, *map(_own_memory, _family(process.pid)), 0)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        status = process.wait()
    finally:
        over.set()
        watcher.join()
    if status:
        raise RuntimeError(f"{' '.join(command)}: ended with {status}: {log.read_text(encoding='utf-8')[-3000:]}")
    return most


def _family(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _own_memory(process: psutil.Process) -> int:
    """Return the memory of a process in bytes, without mapped files."""
    try:
        memory = process.memory_info()
    except psutil.NoSuchProcess:
        return 0
    return int(memory.rss - getattr(memory, "shared", 0))


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())


def _table(measured: list[Measured]) -> list[str]:
    header = ["| stage | time | peak memory of a process | disk |", "|---|---|---|---|"]
    return [*header, *map(_row, measured)]


def _row(one: Measured) -> str:
    minutes, seconds = divmod(round(one.seconds), 60)
    return f"| {one.stage} | {minutes} min {seconds} s | {one.memory / 2**30:.2f} GiB | {one.disk / 2**30:.2f} GiB |"


if __name__ == "__main__":
    sys.exit(main())
