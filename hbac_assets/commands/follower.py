"""Live display of this process' Dagster run on the terminal."""

import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING

from hbac_assets.commands.progress import RunProgress
from hbac_assets.commands.terminal import Terminal
from hbac_assets.execution.runs import run_of_this_process

if TYPE_CHECKING:
    from dagster import DagsterInstance

LOOK_SECONDS, SILENT_SECONDS, END_SECONDS = 0.5, 30.0, 5.0


class Follower:
    """Shows the run that a `with` block executes: a thread reads its events as they arrive.

    Finished work gets a line. Work in progress is the moving line; without a terminal, it is written after half a
    minute without other output.
    """

    def __init__(self, instance: "DagsterInstance", terminal: Terminal) -> None:
        """Show the event log of `instance`."""
        self._instance, self._terminal = instance, terminal
        self._run_id, self._cursor = "", ""
        self._progress = RunProgress(terminal)
        self._began = self._said = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="progress", daemon=True)

    def __enter__(self) -> "Follower":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.end()

    def end(self, run_id: str = "") -> None:
        """Show the remaining events of the run, if its id is known, and stop."""
        self._over.set()
        self._thread.join(END_SECONDS)
        self._run_id = self._run_id or run_id
        self._look()
        self._terminal.move("")

    def _follow(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            self._look()
            self._show(self._progress.status(time.time()))

    def _look(self) -> None:
        """Process new events; a log that cannot be read now is read the next time."""
        from sqlalchemy.exc import SQLAlchemyError

        with suppress(SQLAlchemyError):
            self._run_id = self._run_id or run_of_this_process(self._instance)
            if not self._run_id:
                return
            found = self._instance.get_records_for_run(self._run_id, self._cursor or None)
            self._cursor = found.cursor
            for record in found.records:
                if line := self._progress.take(record.event_log_entry):
                    self._say(line)

    def _show(self, status: str) -> None:
        took = int(time.monotonic() - self._began)
        self._terminal.move(f"{took // 60:02}:{took % 60:02}  {status}")
        if not self._terminal.moves and time.monotonic() - self._said > SILENT_SECONDS:
            self._say(f"{time.strftime('%H:%M:%S')}  {status}")

    def _say(self, line: str) -> None:
        self._terminal.line(line)
        self._said = time.monotonic()
