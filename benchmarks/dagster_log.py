"""The times of events in a Dagster run, from its event log."""

from collections.abc import Sequence
from typing import NamedTuple

from dagster import DagsterEventType, DagsterInstance, EventLogEntry


def newest_log(home: str) -> list[EventLogEntry]:
    """Return the events of the newest run of the instance in `home`, in order."""
    with DagsterInstance.from_config(home) as instance:
        (run,) = instance.get_runs(limit=1)
        return list(instance.all_logs(run.run_id))


def launches(log: Sequence[EventLogEntry]) -> list[EventLogEntry]:
    """Return the events that launch the processes of steps."""
    return _of_type(log, DagsterEventType.STEP_WORKER_STARTING)


def seconds_of_imports(log: Sequence[EventLogEntry]) -> float:
    """Return the seconds from the launch of the first step's process until it runs: the imports of a run."""
    return _of_type(log, DagsterEventType.STEP_WORKER_STARTED)[0].timestamp - launches(log)[0].timestamp


def seconds_of_launches(log: Sequence[EventLogEntry]) -> float:
    """Return the sum of the seconds from launch to running over all steps."""
    started = {entry.step_key: entry.timestamp for entry in launches(log)}
    running = _of_type(log, DagsterEventType.STEP_WORKER_STARTED)
    return sum(entry.timestamp - started[entry.step_key] for entry in running)


def _of_type(log: Sequence[EventLogEntry], kind: DagsterEventType) -> list[EventLogEntry]:
    return [entry for entry in log if entry.dagster_event and entry.dagster_event.event_type is kind]


class Span(NamedTuple):
    """When a step was launched, began and ended, in seconds since the run's first event."""

    launched: float
    began: float
    ended: float


def step_spans(home: str, op: str) -> list[Span]:
    """Return the spans of the steps that an op was mapped to in the newest run."""
    log = newest_log(home)
    kinds = (DagsterEventType.STEP_WORKER_STARTING, DagsterEventType.STEP_START, DagsterEventType.STEP_SUCCESS)
    times = [{entry.step_key: entry.timestamp - log[0].timestamp for entry in _of_type(log, kind)} for kind in kinds]
    return [Span(*(of_kind[key] for of_kind in times)) for key in times[-1] if f"{op}[" in str(key)]
