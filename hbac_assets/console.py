"""What a run prints: one short line for each thing that people want to know.

Dagster's event log holds everything; here are the messages of the steps, and failures as their one-line description.
"""

import logging
from typing import Any

from dagster import InitLoggerContext, logger

FORMAT = "%(asctime)s  %(step)-34s %(message)s"


class StepFormatter(logging.Formatter):
    """Puts the step's name before the message, and says of a failure only what it was."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line for a record of Dagster's logger."""
        meta: dict[str, Any] = getattr(record, "dagster_meta", {})
        record.step = meta.get("step_key") or ""
        record.msg, record.args = self._text(record, meta), ()
        record.exc_info = record.exc_text = None
        return super().format(record)

    def _text(self, record: logging.LogRecord, meta: dict[str, Any]) -> str:
        event = meta.get("dagster_event")
        failure = getattr(event, "event_specific_data", None)
        description = getattr(getattr(failure, "user_failure_data", None), "description", None)
        if description:
            return f"FAILED: {description}"
        return str(meta.get("orig_message") or record.getMessage())


@logger({}, "One line for each message of a step.")
def console(context: InitLoggerContext) -> logging.Logger:
    """Return the logger that writes to the terminal."""
    handler = logging.StreamHandler()
    handler.setFormatter(StepFormatter(FORMAT, "%H:%M:%S"))
    terminal = logging.Logger("hbac_assets.console", logging.INFO)
    terminal.addHandler(handler)
    return terminal
