"""Projects for tests: a folder for everything that runs write, and the commands of a user."""

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from hbac_assets.resources.dagster_home import make_home
from hbac_assets.store.locks import hold_any

CHECKOUT = Path(__file__).parents[1]
HBAC = (sys.executable, "-m", "hbac_assets")
"""The command `hbac`, whether it is installed or not."""
RECORDINGS = 48
LOG = "log.txt"
"""What the run of the finished project said while it went on."""
SECONDS = 1500
REAL_FILES_EXPERIMENT = """
description: Images of Kaggle's spectrograms alone, for most of the real files have no EEG.
folds: 2
recipe: {preprocessing: {image_size: [64, 48]}, epochs: 1, batch_size: 8}
members:
  images: {backbone: mobilenet_v3_small}
"""
NOT_INHERITED = ("HBAC_", "MLFLOW_", "DAGSTER_", "MAKE", "MFLAGS")


@dataclass(frozen=True)
class Project:
    """A folder for the results, and the environment that names it."""

    folder: Path
    environment: dict[str, str]

    @property
    def results(self) -> Path:
        """The folder of the one experiment on the one data set."""
        (folds,) = (self.folder / "store").glob("*/*/folds.parquet")
        return folds.parent

    def command(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the checkout, with this environment."""
        everything = self.environment | environment
        return subprocess.run(
            command, cwd=CHECKOUT, env=everything, capture_output=True, text=True, timeout=SECONDS, check=False
        )

    def run(self, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run what `make run` runs."""
        return self.command(*HBAC, "run", **environment)

    def start(
        self, *command: str, log_name: str = "started.log", folder: Path = CHECKOUT, **environment: str
    ) -> subprocess.Popen[bytes]:
        """Start a command in a process group of its own; its output goes to a file in the project's folder."""
        with (self.folder / log_name).open("wb") as log:
            return subprocess.Popen(
                command,
                cwd=folder,
                env=self.environment | environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def start_run(self, log_name: str = "started.log", **environment: str) -> subprocess.Popen[bytes]:
        """Start what `make run` runs."""
        return self.start(*HBAC, "run", log_name=log_name, folder=CHECKOUT, **environment)


def wait_until(condition: Callable[[], bool], process: "subprocess.Popen[bytes]") -> None:
    """Wait for a moment in the life of a process; fail if it ends before, or the moment does not come."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert process.poll() is None, f"ended with {process.returncode} before the moment came"
        assert time.monotonic() < deadline, "the moment did not come"
        time.sleep(0.002)


def said(project: Project, words: str) -> bool:
    """Return whether a step has logged a message, by Dagster's event log, of which the terminal shows a selection."""
    return _logged(project, f"%{words}%")


def reported_its_end(project: Project, step: int) -> bool:
    """Return whether the step in the process of this id has finished, by Dagster's event log."""
    return _logged(project, f'%"pid": {step},%', kind="STEP_SUCCESS")


def _logged(project: Project, pattern: str, kind: str = "%") -> bool:
    query = "select 1 from event_logs where event like ? and ifnull(dagster_event_type, '') like ?"
    for log in Path(project.environment["DAGSTER_HOME"]).glob("history/runs/*.db"):
        with suppress(sqlite3.OperationalError), closing(sqlite3.connect(f"file:{log}?mode=ro", uri=True)) as events:
            if events.execute(query, (pattern, kind)).fetchone():
                return True
    return False


def make_project(folder: Path, **environment: str) -> Project:
    """Return a miniature project in `folder`; nothing of the caller's own settings reaches it."""
    home = folder / "dagster"
    make_home(home)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(NOT_INHERITED)}
    tracking = f"sqlite:///{folder / 'mlflow.db'}"
    settings = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "DAGSTER_HOME": str(home),
        "DAGSTER_CLI_ASSET_MATERIALIZE_MODULE_NAME": "hbac_assets",
        "HBAC_STORE": str(folder / "store"),
        "HBAC_MINIATURE": "1",
        "HBAC_SYNTHETIC_RECORDINGS": str(RECORDINGS),
        "MLFLOW_TRACKING_URI": tracking,
        "MLFLOW_BACKEND_STORE_URI": tracking,
    }
    return Project(folder, inherited | settings | environment)


def run_once(
    name: str, make: Callable[[Path], Project], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Project, str]:
    """Return a project whose chain ran once, and what that printed; one for all workers of a test session."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    printed, environment = folder / "printed.txt", folder / "environment.json"
    with hold_any([folder.with_suffix(".lock")], lambda holder: None):
        if not printed.exists():
            project = make(folder)
            done = project.run()
            assert done.returncode == 0, done.stdout + done.stderr
            environment.write_text(json.dumps(project.environment))
            (folder / LOG).write_text(done.stderr)
            printed.write_text(done.stdout)
    return Project(folder, json.loads(environment.read_text())), printed.read_text()


def share_generated_data(source: Project, target: Project) -> None:
    """Let a project use the synthetic data and compiled programs of another."""
    for name in ("synthetic", "cache"):
        (target.folder / name).symlink_to(source.folder / name)


def linked_download(source: Project, folder: Path) -> Path:
    """Return `folder`, filled with links to the synthetic data of a project: single files can be spoilt in it."""
    (whole,) = (source.folder / "synthetic").iterdir()
    return linked(whole, folder)


def linked(whole: Path, folder: Path) -> Path:
    """Return `folder`, filled with links to the files of another."""
    for file in whole.rglob("*"):
        target = folder / file.relative_to(whole)
        if file.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(file)
    return folder


def empty(file: Path) -> None:
    """Put an empty file in the place of one that may be a link."""
    file.unlink()
    file.touch()


def rehearsal_table() -> Path | None:
    """Return the competition's labels as parquet, from `HBAC_REHEARSAL` or beside the checkout, if they are there."""
    path = Path(os.environ.get("HBAC_REHEARSAL", CHECKOUT.parent / "shared" / "rehearsal")) / "train.parquet"
    return path if path.is_file() else None


def real_files() -> Path | None:
    """Return the folder of real files that `HBAC_REAL_HMS` names, by default beside the checkout, if there is one."""
    folder = Path(os.environ.get("HBAC_REAL_HMS", CHECKOUT.parent / "shared" / "real_hms"))
    return folder.resolve() if (folder / "train.csv").is_file() else None


def require_real_files() -> Path:
    """Return the folder of `real_files`; without it, skip the test."""
    folder = real_files()
    if folder is None:
        pytest.skip("no real files: HBAC_REAL_HMS names no folder")
    return folder


def project_of_real_files(finished: Project, folder: Path, download: Path) -> Project:
    """Return a project in `folder` whose data are the real files in `download`."""
    experiment = folder.with_suffix(".yaml")
    experiment.write_text(REAL_FILES_EXPERIMENT)
    project = make_project(folder, HBAC_DATA_DIR=str(download), HBAC_EXPERIMENT=str(experiment))
    share_generated_data(finished, project)
    return project
