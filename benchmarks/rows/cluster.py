"""A grid on a Ray cluster, against the same grid on one machine; and a hundred steps that do nothing, on eight nodes.

The nodes are network namespaces of this machine, so both sides have the same processor and train as many cells at once.
Needs root, PostgreSQL from the system's packages and the extra `cluster`; otherwise one line says what is missing.
"""

import os
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import yaml

from benchmarks.commands import prepare_command, project_environment
from benchmarks.dagster_log import Span, step_spans
from benchmarks.sides import environment_of_users
from benchmarks.table import Result
from hbac_assets.resources.cluster import PACKAGES
from hbac_assets.resources.dagster_home import SERVER_SETTINGS, SETTINGS
from hbac_assets.resources.paths import PROJECT_FOLDER

if TYPE_CHECKING:
    from hbac_assets_tests.cluster.nodes import Node

ROW = 16
MOST = 1.15
FOLDS = 2
RECORDINGS = 300
MEMBER = {
    "backbone": "bipolar_resnet",
    "preprocessing": {"input": "waveform"},
    "augmentation": {"mixup": {}, "time_mask": {}},
    "batch_size": 16,
}
JOB = ("-m", "dagster", "job", "execute", "-m", "benchmarks.many_steps", "-j", "many_steps")
TRAIN = ("-m", "dagster", "asset", "materialize", "--select")
NODES, CELLS = 8, 100
MOST_GROWTH = 1.15


@dataclass(frozen=True)
class Scale:
    """The extent of a measurement: full, or small to test the code."""

    epochs: Mapping[str, int]
    recordings: int = RECORDINGS
    nodes: int = NODES
    cells: int = CELLS


FULL = Scale({"one_minute": 25, "five_minutes": 140})


def run(workspace: Path) -> list[Result]:
    """Measure grids of two cells on two nodes, and steps that do nothing on eight."""
    if refusal := missing():
        return [Result(ROW, "a grid on a Ray cluster", "", "", None, "", None, f"Not measured: {refusal}.")]
    return measure(workspace, FULL)


def missing() -> str:
    """Return what is missing here; empty if nothing is."""
    if absent := [package for package in PACKAGES if find_spec(package) is None]:
        return f"the extra `cluster` is not installed: no {', '.join(absent)}"
    from hbac_assets_tests.cluster.nodes import refusal
    from hbac_assets_tests.resources.postgres import ABSENT, PROGRAMS

    return refusal() or ("" if PROGRAMS else ABSENT)


def measure(workspace: Path, scale: Scale) -> list[Result]:
    """Measure at a scale."""
    prepared = {name: _prepare(workspace / "prepared", name, epochs, scale) for name, epochs in scale.epochs.items()}
    results = []
    with cluster(workspace / "two", 2) as (head, *_):
        for name, experiment in prepared.items():
            local = _grid(workspace, name, "local", experiment, scale, None)
            there = _grid(workspace, name, "cluster", experiment, scale, head)
            results.append(overhead(name, there, local))
    with cluster(workspace / "many", scale.nodes) as (head, *_):
        results.append(flatness(*_steps(workspace, scale, head), scale.nodes))
    return results


@dataclass(frozen=True)
class Grid:
    """The seconds of a run that trained a grid, and when its cells were launched, began and ended."""

    seconds: float
    spans: Sequence[Span]

    def __str__(self) -> str:
        start = median(began - launched for launched, began, _ in self.spans)
        training = median(ended - began for _, began, ended in self.spans)
        cells = max(ended for _, _, ended in self.spans) - min(launched for launched, _, _ in self.spans)
        return (
            f"start of a cell {start:.0f} s, training {training:.0f} s, outside the cells {self.seconds - cells:.0f} s"
        )


def overhead(name: str, there: Grid, local: Grid) -> Result:
    """Return the line of a grid on both sides."""
    cost = there.seconds / local.seconds
    return Result(
        ROW,
        f"a grid of {FOLDS} cells of {name.replace('_', ' ')}, at once on {FOLDS} nodes with Ray",
        ours=f"{there.seconds:.0f} s",
        against=f"on one machine, {FOLDS} at once: {local.seconds:.0f} s",
        ratio=cost,
        to_reach=f"≤ {MOST}",
        reached=cost <= MOST,
        remark=f"cluster: {there}; one machine: {local}",
        measured={"cluster": vars(there), "local": vars(local)},
    )


def flatness(ends: Sequence[float], processor: float, nodes: int) -> Result:
    """Return the line of many steps.

    Args:
        ends: when each step had ended, in seconds since the run began, in order.
        processor: the processor time of the run's own process, in seconds.
        nodes: the number of nodes.
    """
    half = len(ends) // 2
    first, second = ((part[-1] - part[0]) / (len(part) - 1) for part in (ends[:half], ends[half:]))
    growth = second / first
    return Result(
        ROW,
        f"{len(ends)} steps that do nothing, on {nodes} nodes",
        ours=f"{second:.2f} s a step in the second half",
        against=f"in the first half: {first:.2f} s a step",
        ratio=growth,
        to_reach=f"≤ {MOST_GROWTH}",
        reached=growth <= MOST_GROWTH,
        remark=f"{ends[-1]:.0f} s in all, all nodes on this machine's cores; the run's own process used "
        f"{processor:.0f} s of processor time, {processor / len(ends):.2f} s a step; longest gap between two ends "
        f"{max(later - earlier for earlier, later in pairwise(ends)):.1f} s",
        measured={"ends": list(ends), "processor": processor},
    )


@contextmanager
def cluster(folder: Path, count: int) -> Iterator[list["Node"]]:
    """Yield the nodes of a cluster with PostgreSQL on the first, Ray's head; all is killed afterwards."""
    from hbac_assets_tests.cluster.nodes import made_nodes, start_head, start_worker
    from hbac_assets_tests.cluster.postgresql import PASSWORD, postgresql

    names = tuple(f"node-{number}" for number in range(count))
    with (
        made_nodes(folder, names, {**environment_of_users(), "PGPASSWORD": PASSWORD}) as nodes,
        postgresql(nodes[0]),
    ):
        start_head(nodes[0])
        for node in nodes[1:]:
            start_worker(node, nodes[0])
        yield nodes


def _prepare(folder: Path, name: str, epochs: int, scale: Scale) -> Path:
    """Return the file of an experiment, after making everything upstream of its grid in `folder`."""
    folder.mkdir(exist_ok=True)
    experiment = folder / f"{name}.yaml"
    content = {
        "description": "One network of waveforms.",
        "folds": FOLDS,
        "sampling": "all",
        "members": {"waves": {**MEMBER, "epochs": epochs}},
    }
    experiment.write_text(yaml.safe_dump(content), encoding="utf-8")
    short = {**content, "members": {"waves": {**MEMBER, "epochs": 1}}}
    compiling = folder / f"{name}_compiling.yaml"  # programs do not depend on the number of epochs
    compiling.write_text(yaml.safe_dump(short), encoding="utf-8")
    _local(folder, compiling, scale, "*trained_models")
    _local(folder, experiment, scale, "*fold_assignments")
    return experiment


def _local(folder: Path, experiment: Path, scale: Scale, selection: str) -> None:
    environment = _environment(folder, experiment, scale)
    prepare_command([sys.executable, *TRAIN, selection, "-m", "hbac_assets"], str(PROJECT_FOLDER), environment)()


def _environment(folder: Path, experiment: Path, scale: Scale) -> dict[str, str]:
    return {
        **project_environment(folder),
        "HBAC_EXPERIMENT": str(experiment),
        "HBAC_SYNTHETIC_RECORDINGS": str(scale.recordings),
    }


def _grid(workspace: Path, name: str, side: str, experiment: Path, scale: Scale, head: "Node | None") -> Grid:
    """Train a grid in a copy of the prepared project, on the cluster of a head or without one."""
    folder, prepared = workspace / f"{name}-{side}", workspace / "prepared"
    shutil.copytree(prepared / "store", folder / "store")
    for shared in ("synthetic", "cache"):
        (folder / shared).symlink_to(prepared / shared)
    environment = _environment(folder, experiment, scale)
    command = [sys.executable, *TRAIN, "trained_models", "-m", "hbac_assets"]
    began = time.monotonic()
    if head is None:
        prepare_command(command, str(PROJECT_FOLDER), environment)()
    else:
        environment |= _on_cluster(head, folder, f"{name}_{side}")
        _on(head, command, environment, folder / "log.txt")
    seconds = time.monotonic() - began
    return Grid(seconds, _spans(environment, head, "train_fold"))


def _steps(workspace: Path, scale: Scale, head: "Node") -> tuple[list[float], float]:
    """Return when each step that does nothing had ended, and the processor time of the run's process."""
    folder = workspace / "steps"
    folder.mkdir()
    environment = project_environment(folder) | _on_cluster(head, folder, "steps")
    count = folder / "count.yaml"
    count.write_text(yaml.safe_dump({"ops": {"plan": {"config": {"steps": scale.cells}}}}), encoding="utf-8")
    command = [sys.executable, *JOB, "--config", str(count)]
    before = os.times()
    _on(head, command, environment, folder / "log.txt")
    after = os.times()
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    return sorted(ended for _, _, ended in _spans(environment, head, "nothing")), processor


def _on_cluster(head: "Node", folder: Path, name: str) -> dict[str, str]:
    """Return the variables that let a project run on a cluster, with databases of its own."""
    from hbac_assets_tests.cluster.postgresql import make_database

    shutil.copyfile(SERVER_SETTINGS, folder / "dagster" / SETTINGS.name)
    tracking = make_database(head, f"{name}_mlflow")
    return {
        "HBAC_RAY": f"http://{head.address}:8265",
        "HBAC_DAGSTER_URI": make_database(head, f"{name}_dagster"),
        "MLFLOW_TRACKING_URI": tracking,
        "MLFLOW_BACKEND_STORE_URI": tracking,
    }


def _on(head: "Node", command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
    process = head.start(*command, log=log, **environment)
    if status := process.wait():
        raise RuntimeError(f"a run on the cluster ended with status {status}: {log.read_text()[-1000:]}")


def _spans(environment: Mapping[str, str], head: "Node | None", op: str) -> list[Span]:
    """Return when the steps of the newest run were launched, began and ended; only the nodes reach their database."""
    home = environment["DAGSTER_HOME"]
    if head is None:
        return step_spans(home, op)
    from hbac_assets_tests.cluster.console import Console

    console = Console(head, dict(environment), "from benchmarks.dagster_log import step_spans")
    (spans,) = console.ask(f"print(step_spans({home!r}, {op!r}))")
    return [Span(*times) for times in spans]
