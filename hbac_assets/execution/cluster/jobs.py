"""The steps of a run as Ray jobs: submission, health checks and termination through Ray's HTTP API."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dagster import DagsterEvent, MetadataValue

# Private API: the base of Dagster's executors for steps on other machines.
from dagster._core.executor.step_delegating import CheckStepHealthResult
from dagster_ray.core.executor import RayStepHandler

from hbac_assets.resources.cluster import DEVICE_TAG, LEASED, RAY, Room, answers_expected

if TYPE_CHECKING:
    from dagster._core.executor.step_delegating import StepHandlerContext
    from ray.job_submission import JobDetails, JobSubmissionClient

RUN_ID, STEP = "dagster/run-id", "dagster/op"
"""Keys of a job's metadata."""
KNOWN = "already exists"
"""Ray's error for a job that was already submitted."""
SILENT_SECONDS = 60.0
"""How long Ray's head may be unavailable before the run fails."""
RETRY_SECONDS = 2.0
UNKNOWN_JOB = "404"
KILLED = 128
"""A process killed by a signal has an exit status of this or more, or below zero."""
MOST_LOST, MOST_FAULTS = 10, 2
"""Retries of a step whose node or process was killed, as spot instances are; and of one whose process exited, which
may happen on every node."""
LOOKS = 2
"""Checks that must find a job ended before it counts as lost: its events are read in between."""
SMALL = 1
"""Bytes of memory that a small step requests; without any request it would run on the head."""
AT_ONCE = 16


@dataclass(frozen=True)
class Loss:
    """Why a step was lost, in one line, and the largest number of retries after that."""

    reason: str
    most: int


class Jobs(RayStepHandler):
    """Starts, checks and stops the job of each step.

    Attributes:
        room: the resources that a job with a device requests; set before the first step.
        lost: the losses of steps whose jobs ended without reporting a result, by step key.
    """

    name = "jobs of Ray"

    def __init__(self, client: "JobSubmissionClient", address: str, variables: dict[str, str]) -> None:
        """Start without jobs.

        Args:
            client: a client of Ray's head.
            address: the head's address.
            variables: environment variables for each job; they are public in Ray's dashboard.
        """
        super().__init__(client, None, None, None, None, None, None)
        self._address, self._variables = address, variables
        self.room: Room | None = None
        self.lost: dict[str, Loss] = {}
        self._seen: dict[str, int] = {}
        self._given_up: set[str] = set()
        self._answered = time.monotonic()
        self._stopped = False

    def launch_step(self, step_handler_context: "StepHandlerContext") -> Iterator[DagsterEvent]:
        """Submit the job of a step.

        Raises:
            HbacError: Ray's head is unavailable.
        """
        context, key = step_handler_context, self._get_step_key(step_handler_context)
        job, leased = self._get_ray_job_submission_id(context), DEVICE_TAG in context.step_tags[key]
        yield DagsterEvent.step_worker_starting(
            context.get_step_context(key),
            message=f"Executing step {key} in Ray's job {job}.",
            metadata={"Ray's job": MetadataValue.text(job)},
        )
        arguments = context.execute_step_args
        variables = {one["name"]: one["value"] for one in arguments.get_command_env()}
        metadata = {RUN_ID: arguments.run_id, STEP: key}
        submission = {
            "entrypoint": " ".join(arguments.get_command_args(skip_serialized_namedtuple=True)),
            "submission_id": job,
            "metadata": metadata | LEASED if leased else metadata,
            "runtime_env": {"env_vars": self._variables | variables},
        }
        self._patiently(lambda: self._submit(**submission, **self._needs(leased=leased)))

    def check_step_health(self, step_handler_context: "StepHandlerContext") -> CheckStepHealthResult:
        """Return whether a step's job is running or has reported its result."""
        key, job = self._get_step_key(step_handler_context), self._get_ray_job_submission_id(step_handler_context)
        looks = LOOKS
        try:
            details = self.client.get_job_info(job)
        except (RuntimeError, OSError) as error:
            if UNKNOWN_JOB in str(error):
                loss = Loss("Ray no longer knows its job", MOST_LOST)
            elif time.monotonic() - self._answered < SILENT_SECONDS:
                return CheckStepHealthResult.healthy()
            else:
                loss, looks = self._silence(), 1
        else:
            self._answered = time.monotonic()
            if not details.status.is_terminal():
                return CheckStepHealthResult.healthy()
            loss = how_it_ended(details)
        self._seen[job] = self._seen.get(job, 0) + 1
        if self._seen[job] < looks or job in self._given_up:  # the event of its end may be read a moment later
            return CheckStepHealthResult.healthy()
        self._given_up.add(job)
        self.lost[key] = loss
        return CheckStepHealthResult.unhealthy(loss.reason)

    def terminate_step(self, step_handler_context: "StepHandlerContext") -> Iterator[DagsterEvent]:
        """Stop the jobs of all steps of the run, at the first call."""
        if not self._stopped:
            self._stopped = True
            self.stop(self.active(step_handler_context.execute_step_args.run_id))
        return iter(())

    def active(self, run_id: str = "") -> "list[JobDetails]":
        """Return the unfinished jobs of a run, or of all runs."""
        with answers_expected(self._address):
            jobs = self.client.list_jobs()
        self._answered = time.monotonic()
        known = (job for job in jobs if not job.status.is_terminal())
        return [job for job in known if run_id in ("", (job.metadata or {}).get(RUN_ID))]

    def stop(self, jobs: "list[JobDetails]") -> None:
        """Stop jobs: Ray sends their processes SIGTERM, and SIGKILL seconds later."""

        def stop(job: "JobDetails") -> None:
            assert job.submission_id is not None
            self.client.stop_job(job.submission_id)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(stop, jobs))

    def _needs(self, *, leased: bool) -> dict[str, int]:
        """Return the resources that a step's job requests."""
        if not leased:
            return {"entrypoint_memory": SMALL}
        assert self.room is not None
        return {"entrypoint_num_cpus": self.room.cpus, "entrypoint_num_gpus": self.room.gpus}

    def _submit(self, **submission: Any) -> None:
        try:
            self.client.submit_job(**submission)
        except RuntimeError as error:
            if KNOWN not in str(error):  # the response to an earlier attempt was lost
                raise

    def _patiently(self, call: Callable[[], None]) -> None:
        """Make a call, retrying for a while if the head is unavailable."""
        began = time.monotonic()
        while time.monotonic() - began < SILENT_SECONDS:
            try:
                return call()
            except (RuntimeError, OSError):
                time.sleep(RETRY_SECONDS)
        with answers_expected(self._address):
            return call()

    def _silence(self) -> "Loss":
        return Loss(
            f"{RAY}: Ray's head at {self._address} has not responded for {SILENT_SECONDS:.0f} s; restart Ray on "
            "all nodes; the same command goes on from here",
            most=0,
        )


def how_it_ended(job: "JobDetails") -> Loss:
    """Return the loss for a job that ended without its step reporting a result."""
    host = (job.driver_agent_http_address or "").removeprefix("http://").rpartition(":")[0]
    where = f" on {host}" if host else ""
    if job.status.value == "STOPPED":
        return Loss(f"its job{where} was stopped by somebody", MOST_LOST)
    if job.status.value == "SUCCEEDED":
        return Loss(f"its job{where} ended without reporting a result", MOST_FAULTS)
    said = (job.message or str(job.error_type)).strip().splitlines()
    if 0 < (job.driver_exit_code or 0) < KILLED:
        return Loss(f"its job{where} ended with exit status {job.driver_exit_code} ({said[-1].strip()})", MOST_FAULTS)
    return Loss(f"its job{where} was lost ({said[0].strip()})", MOST_LOST)
