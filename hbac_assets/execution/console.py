"""What a run prints: one short line for each thing that people want to know.

Dagster's event log holds everything; here are the messages of the steps, and failures as their one-line description.
"""

import logging
from typing import Any

from dagster import InitLoggerContext, logger

from hbac_assets.execution.failures import in_words, outside_steps
from hbac_assets.execution.interrupts import is_interrupted

FORMAT = "%(asctime)s  %(step)-26s %(message)s"
INTERRUPTED = ("DagsterExecutionInterruptedError", "KeyboardInterrupt")
# What follows from a failure that is shown already, or says nothing to a user.
OMITTED = (
    "Not executing.",
    'Emitting implicit Nothing for output "result"',
    "Execution of run for",
    "Multiprocess executor: child process for step",
)


class StepFormatter(logging.Formatter):
    """Puts the step's name before the message, and says of a failure what it was."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line for a record of Dagster's logger."""
        meta = _meta(record)
        record.step = (meta.get("step_key") or "").partition("[")[0]
        record.msg, record.args = _text(meta), ()
        record.exc_info = record.exc_text = None
        return super().format(record)


@logger({}, "One line for each message of a step.")
def console(context: InitLoggerContext) -> logging.Logger:
    """Return the logger that writes to the terminal."""
    handler = logging.StreamHandler()
    handler.setFormatter(StepFormatter(FORMAT, "%H:%M:%S"))
    handler.addFilter(lambda record: not _is_omitted(_meta(record)))
    terminal = logging.Logger("hbac_assets.execution.console", logging.INFO)
    terminal.addHandler(handler)
    return terminal


def _meta(record: logging.LogRecord) -> dict[str, Any]:
    return getattr(record, "dagster_meta", {})


def _message(meta: dict[str, Any]) -> str:
    return str(meta.get("orig_message"))


def _is_omitted(meta: dict[str, Any]) -> bool:
    event = meta.get("dagster_event")
    return any(text in _message(meta) for text in OMITTED) and not (event and outside_steps(event))


def _text(meta: dict[str, Any]) -> str:
    """Return the message; of a failure its one line, or the whole error where it is a defect of the code."""
    event = meta.get("dagster_event")
    if line := in_words(event):
        return f"FAILED: {line}"
    if error := getattr(getattr(event, "event_specific_data", None), "error", None):
        if error.cls_name in INTERRUPTED or is_interrupted():
            return "interrupted"
        return f"FAILED: {error.to_string()}"
    return _message(meta)
