"""The heartbeat of a run on a cluster, and the clean-up after other runs that died.

A run's process may have been on a host that is gone, so that its process id is no sign of life. Each run therefore
updates a tag of its own every few seconds, and every other run watches: a run with an unchanged tag for a minute is
dead. Clocks of other hosts are not used. Jobs of finished runs are stopped, since they would hold devices in vain.
"""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any

from dagster import DagsterInstance, DagsterRun

from hbac_assets.execution.cluster.jobs import RUN_ID, Jobs
from hbac_assets.execution.interrupts import is_interrupted
from hbac_assets.execution.runs import UNFINISHED
from hbac_assets.resources.cluster import DEVICE_TAG, Room

if TYPE_CHECKING:
    from ray.job_submission import JobDetails

ALIVE_TAG = "hbac/alive"
SIGNAL_SECONDS, LOOK_SECONDS, DEAD_SECONDS = 0.5, 5.0, 60.0
"""Intervals of checks for a signal and for everything else; and the silence after which a run is dead."""


class Keeper:
    """A thread that does both during a `with` block that executes the steps.

    Attributes:
        limit: Dagster's concurrency limit for steps with a device, updated to the cluster's room.
    """

    def __init__(
        self, instance: DagsterInstance, run_id: str, jobs: Jobs, find_room: Callable[[], Room], log: logging.Logger
    ) -> None:
        """Watch a run of `instance` with its steps as `jobs`; `find_room` queries the cluster."""
        self._instance, self._run_id, self._jobs, self._find_room, self._log = instance, run_id, jobs, find_room, log
        self.limit: dict[str, Any] = {"key": DEVICE_TAG, "limit": 0}
        self._seen: dict[str, tuple[str, float]] = {}
        self._beats = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="keeper", daemon=True)

    def __enter__(self) -> "Keeper":
        self.look()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join(LOOK_SECONDS)

    def look(self) -> None:
        """Send a heartbeat, report dead runs as failed, stop the jobs of finished runs and update the limit.

        Raises:
            HbacError: Ray's head is unavailable, or no node has the resources of a cell.
        """
        self._beats += 1
        self._instance.add_run_tags(self._run_id, {ALIVE_TAG: f"{self._run_id} {self._beats}"})
        for run in self._silent_runs():
            self._instance.report_run_failed(
                run, f"this run has given no sign of life for {DEAD_SECONDS:.0f} s: its process or host is gone"
            )
        others = [job for job in self._jobs.active() if _run_of(job) != self._run_id]
        over = {run_id for run_id in map(_run_of, others) if self._is_over(run_id)}
        if orphans := [job for job in others if _run_of(job) in over]:
            self._log.info(f"stopping {len(orphans)} jobs of finished runs")
            self._jobs.stop(orphans)
        self._jobs.room = self._find_room()
        held = sum(DEVICE_TAG in (job.metadata or {}) for job in others)
        self.limit["limit"] = max(self._jobs.room.cells - held, 0)

    def _keep(self) -> None:
        from sqlalchemy.exc import SQLAlchemyError

        from hbac_assets.errors import HbacError

        looked = time.monotonic()
        while not self._over.wait(SIGNAL_SECONDS):
            with suppress(HbacError, RuntimeError, OSError, SQLAlchemyError):  # retried at the next check
                if is_interrupted():  # the main thread may be busy, and the process must end within seconds
                    self._jobs.stop(self._jobs.active(self._run_id))
                    return
                if time.monotonic() - looked > LOOK_SECONDS:
                    looked = time.monotonic()
                    self.look()

    def _silent_runs(self) -> list[DagsterRun]:
        """Return the other unfinished runs without a heartbeat for too long."""
        now, silent = time.monotonic(), []
        for run in self._instance.get_runs(UNFINISHED):
            run_id, _, beat = run.tags.get(ALIVE_TAG, "").partition(" ")
            if run_id != run.run_id or run_id == self._run_id:  # Dagster copies tags to a re-execution
                continue
            before, since = self._seen.get(run_id, ("", now))
            self._seen[run_id] = (beat, since if beat == before else now)
            if now - self._seen[run_id][1] > DEAD_SECONDS:
                silent.append(run)
        return silent

    def _is_over(self, run_id: str) -> bool:
        """Return whether a run is known to this instance and finished."""
        run = self._instance.get_run_by_id(run_id) if run_id else None
        return run is not None and run.is_finished


def _run_of(job: "JobDetails") -> str:
    return str((job.metadata or {}).get(RUN_ID, ""))
