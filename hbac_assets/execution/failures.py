"""The reason of a run's failure in words, from Dagster's events.

An `HbacError` has a description. A process that ended abruptly has only an exit status. Anything else is a bug and
keeps its traceback.
"""

import os
import signal
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hbac_assets.errors import HbacError
from hbac_assets.execution.interrupts import is_interrupted

if TYPE_CHECKING:
    from dagster import DagsterEvent
    from dagster._utils.error import SerializableErrorInfo

CRASH = "ChildProcessCrashException"
LOST = "LostStep"
"""Takes the place of an error's class: a step on a cluster ended without reporting a result, or its node was lost."""
MEANINGS = {
    signal.SIGKILL: "sent by somebody, or by the system when memory ran out: if it was memory, lower the member's "
    "batch_size",
    signal.SIGTERM: "sent by somebody",
    signal.SIGILL: "this processor lacks an instruction that a library is built with",
    signal.SIGBUS: "a file in use was cut short, or its disk is full",
}


def in_words(event: "DagsterEvent | None") -> str | None:
    """Return the one line of a failure of a step, or of the run if it failed outside its steps.

    None for a bug, an interrupted run, and other events.
    """
    if event is None:
        return None
    if not event.is_step_failure:
        fault = outside_steps(event)
        return first_line(fault) if fault and fault.cls_name == HbacError.__name__ else None
    failure = event.step_failure_data
    if failure.user_failure_data and failure.user_failure_data.description:
        return failure.user_failure_data.description
    if failure.error and failure.error.cls_name in (CRASH, LOST) and not is_interrupted():
        return f"{event.step_key}: {first_line(failure.error)}"
    return None


def first_failure(events: "Sequence[DagsterEvent]") -> str:
    """Return the one line of the first failure; for a bug, the first line of its error."""
    for event in events:
        if line := in_words(event):
            return line
        if event.is_step_failure:
            error = event.step_failure_data.error
            return f"{event.step_key}: {first_line(error.cause or error) if error else 'failed'}"
        if error := outside_steps(event):
            return first_line(error)
    return (events[-1].message if events else None) or "the run did not start"


def outside_steps(event: "DagsterEvent") -> "SerializableErrorInfo | None":
    """Return the error that ended a run without a failed step: ours, or the first cause."""
    from dagster import DagsterEventType

    if event.event_type != DagsterEventType.RUN_FAILURE or is_interrupted():
        return None
    failure = event.job_failure_data
    if failure.first_step_failure_event or (failure.error and CRASH in failure.error.message):
        return None
    return failure.error and root(failure.error)


def root(error: "SerializableErrorInfo") -> "SerializableErrorInfo":
    """Return our error in a chain of causes, otherwise the first cause."""
    while error.cause and error.cls_name != HbacError.__name__:
        error = error.cause
    return error


def first_line(error: "SerializableErrorInfo") -> str:
    """Return the first line of an error, with the name of its class unless it is ours."""
    message = error.message.strip().removeprefix(f"{HbacError.__module__}.{HbacError.__name__}: ")
    return (message.splitlines() or [str(error.cls_name)])[0]


def ended_abruptly(process: str, status: int | None) -> str:
    """Return a sentence on how a process ended abruptly, with the possible cause.

    Args:
        process: its name in the sentence.
        status: as `multiprocessing` gives it; after a signal, the negative number of the signal.
    """
    number = -(status or 0)
    if number == signal.SIGKILL:
        return f"{process} was ended by SIGKILL, {MEANINGS[signal.SIGKILL]}; the same command goes on from here"
    if number in set(signal.Signals):
        found = signal.Signals(number)
        how = f"was ended by {found.name} ({MEANINGS.get(found, signal.strsignal(found))})"
    else:
        how = f"ended by itself with exit status {status}"
    flags = os.environ.get("XLA_FLAGS")
    unset = f"; if they name XLA_FLAGS, correct or unset that, found {flags!r}" if flags else ""
    return f"{process} {how}; its last lines above may say why{unset}; the same command goes on from here"
