"""A cluster for tests, and projects with steps that run on it."""

import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hbac_assets.resources.dagster_home import SERVER_SETTINGS, SETTINGS
from hbac_assets_tests.cluster.console import Console
from hbac_assets_tests.cluster.nodes import Node, made_nodes, start_head, start_worker
from hbac_assets_tests.cluster.postgresql import PASSWORD, make_database, postgresql
from hbac_assets_tests.faults.disks import Disk, small_disk
from hbac_assets_tests.faults.small import EXPERIMENT, small_project
from hbac_assets_tests.projects import HBAC, Project, share_generated_data

NAMES = ("node-a", "node-b")
WAIT_SECONDS = 600
GRID = ("models*", "oof*", "ensemble*", "submission*", "report*")
"""Everything downstream of the folds in an experiment's folder."""
MATERIALIZE = (HBAC[0], "-m", "dagster", "asset", "materialize", "--select")
PASSED_ON = ("HBAC_", "MLFLOW_", "DAGSTER_")


@dataclass
class Cluster:
    """Two machines with Ray on both, and a database server on the first.

    Attributes:
        head: the first machine.
        worker: the second machine.
        secrets: URIs with passwords, set in the environment of both.
        disk: a small disk that both share.
    """

    head: Node
    worker: Node
    secrets: dict[str, str]
    disk: Disk
    console: Console | None = None

    @property
    def address(self) -> str:
        """The address of Ray's head."""
        return f"http://{self.head.address}:8265"

    def mend(self) -> None:
        """Start Ray where it is not running, and wait for both nodes."""
        if not self.nodes():
            self.head.stop(keep="postgres")
            self.worker.stop()
            start_head(self.head, **self.secrets)
        if self.nodes() != 2:
            self.worker.stop()
            start_worker(self.worker, self.head, **self.secrets)
        wait_for(lambda: self.nodes() == 2)

    def nodes(self) -> int:
        """Return the number of nodes alive; 0 if Ray does not respond."""
        try:
            (count,) = self.ask("from hbac_assets.resources.cluster import find_nodes\nprint(len(find_nodes(A)))")
        except RuntimeError:
            return 0
        return int(count)

    def jobs(self) -> list[dict]:
        """Return what Ray publishes about its jobs."""
        (jobs,) = self.ask("print([{**vars(job), 'status': job.status.value} for job in jobs.list_jobs()])")
        return list(jobs)

    def active(self) -> list[dict]:
        """Return the unfinished jobs."""
        return [job for job in self.jobs() if job["status"] in ("PENDING", "RUNNING")]

    def ask(self, code: str) -> list[Any]:
        """Return the output of a script on the head, with `jobs` as the client of Ray's jobs and `A` as its address.

        Raises:
            RuntimeError: with the error that the script raised.
        """
        if self.console is None:
            first = f"from ray.job_submission import JobSubmissionClient\nA = {self.address!r}"
            self.console = Console(self.head, {}, first)
        return self.console.ask(f"jobs = JobSubmissionClient(A)\n{code}")

    def project(
        self,
        folder: Path,
        undisturbed: Project,
        *,
        beside: Path | None = None,
        empty: bool = False,
        **environment: str,
    ) -> "SharedProject":
        """Return a project of the small experiment, with databases of its own.

        Args:
            folder: a folder that both machines share.
            undisturbed: the project that provides data, compiled programs and a store, copied except for the grid.
            beside: another folder for the store.
            empty: leave the store empty.
            environment: variables that replace the project's own.
        """
        name = f"p{time.monotonic_ns()}"
        places = {"HBAC_RAY": self.address}
        if not environment:
            places["HBAC_DAGSTER_URI"] = make_database(self.head, f"{name}_dagster")
            places["MLFLOW_TRACKING_URI"] = make_database(self.head, f"{name}_mlflow")
        project = small_project(folder, beside, EXPERIMENT, **places | environment)
        shutil.copyfile(SERVER_SETTINGS, Path(project.environment["DAGSTER_HOME"]) / SETTINGS.name)
        share_generated_data(undisturbed, project)
        if not empty:
            without = shutil.ignore_patterns(*GRID)
            shutil.copytree(undisturbed.folder / "store", project.folder / "store", ignore=without)
        return SharedProject(project, self)


@dataclass
class SharedProject:
    """A project with steps that run on the nodes of a cluster."""

    project: Project
    cluster: Cluster
    console: Console | None = None

    @property
    def environment(self) -> dict[str, str]:
        """The variables in addition to a machine's own."""
        return {name: value for name, value in self.project.environment.items() if name.startswith(PASSED_ON)}

    def run(self, node: Node | None = None, **environment: str) -> "subprocess.CompletedProcess[str]":
        """Run the command of `make run` on a machine, by default the head."""
        return (node or self.cluster.head).command(*HBAC, "run", **self.environment | environment)

    def start_run(self, node: Node | None = None, log: str = "run.log") -> "subprocess.Popen[bytes]":
        """Start the same; its output goes to a file in the project's folder."""
        return (node or self.cluster.head).start(*HBAC, "run", log=self.project.folder / log, **self.environment)

    def start_grid(self, node: Node | None = None, log: str = "grid.log") -> "subprocess.Popen[bytes]":
        """Start training the grid with Dagster's own command."""
        place = self.project.folder / log
        return (node or self.cluster.head).start(*MATERIALIZE, "trained_models", log=place, **self.environment)

    def ask(self, code: str) -> list[Any]:
        """Return the output of a script on the head, with `instance` as Dagster's.

        Raises:
            RuntimeError: with the error that the script raised.
        """
        if self.console is None:
            first = "from hbac_assets.resources.dagster_home import open_instance\ninstance = open_instance()"
            self.console = Console(self.cluster.head, self.environment, first)
        return self.console.ask(code)

    def statuses(self) -> list[str]:
        """Return the statuses of the runs, the newest first."""
        return self.ask("for run in instance.get_runs(): print(run.status.value)")

    def messages(self) -> list[str]:
        """Return the messages of all runs, oldest first."""
        (found,) = self.ask(
            "entries = [entry for run in instance.get_runs() for entry in instance.all_logs(run.run_id)]\n"
            "entries.sort(key=lambda entry: entry.timestamp)\n"
            "print([entry.user_message or entry.message or '' for entry in entries])"
        )
        return list(map(str, found))

    def epochs(self) -> list[tuple[int, int]]:
        """Return the finished epochs in the logs of all runs as (fold, epoch), with repetitions."""
        text = "\n".join(self.messages())
        return [(int(fold), int(epoch)) for fold, epoch in re.findall(r"small fold (\d): epoch (\d+)/\d+, loss", text)]

    def cells(self) -> dict[str, dict]:
        """Return the running jobs that train cells, by the address of their node."""
        found = [job for job in self.cluster.active() if "train_fold" in job["metadata"].get("dagster/op", "")]
        addresses = [str(job["driver_agent_http_address"]).split("//")[-1].partition(":")[0] for job in found]
        return dict(zip(addresses, found, strict=True))


def wait_for(condition: Callable[[], bool], seconds: float = WAIT_SECONDS) -> float:
    """Wait until a condition holds, and return the seconds waited."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "the moment did not come"
        time.sleep(0.5)
    return time.monotonic() - began


@contextmanager
def running_cluster(folder: Path, environment: Mapping[str, str]) -> Iterator[Cluster]:
    """Yield a cluster of two machines, whose processes end with the block.

    Each machine's environment contains the password of the databases, which no run passes on, and two URIs with it.
    """
    with (
        small_disk(folder / "disk", megabytes=300) as disk,
        made_nodes(folder, NAMES, {**environment, "PGPASSWORD": PASSWORD}) as (head, worker),
        postgresql(head),
    ):
        databases = {"HBAC_DAGSTER_URI": "secret_dagster", "MLFLOW_TRACKING_URI": "secret_mlflow"}
        plain = {variable: make_database(head, name) for variable, name in databases.items()}
        secrets = {name: uri.replace("hbac@", f"hbac:{PASSWORD}@") for name, uri in plain.items()}
        cluster = Cluster(head, worker, secrets, disk)
        cluster.mend()
        yield cluster
