"""Why a step failed, in words, from Dagster's events.

A fault that a user can mend has a description. A process that was killed has none, since nobody was left to give it.
All else is a defect of the code and keeps its traceback.
"""

from typing import TYPE_CHECKING

from hbac_assets.interrupts import is_interrupted

if TYPE_CHECKING:
    from dagster import DagsterEvent


def in_words(event: "DagsterEvent | None") -> str | None:
    """Return the one line of a step's failure; None of a defect, of an interrupted run's steps, and of other events."""
    if event is None or not event.is_step_failure:
        return None
    failure = event.step_failure_data
    if failure.user_failure_data and failure.user_failure_data.description:
        return failure.user_failure_data.description
    if failure.error and failure.error.cls_name == "ChildProcessCrashException" and not is_interrupted():
        return (
            f"{event.step_key}: the process of this step was killed, by somebody or by the system when memory ran out: "
            "if it was memory, lower the member's batch_size; the same command goes on from here"
        )
    return None
