"""The times of events in a Dagster run, from its event log."""

from collections.abc import Sequence

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
