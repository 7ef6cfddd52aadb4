"""The progress of a run in words, derived from Dagster's event log."""

import logging
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hbac_assets.commands.grid import Grid
from hbac_assets.commands.terminal import RED, Terminal, duration
from hbac_assets.execution.failures import first_line, in_words, outside_steps, root
from hbac_assets.execution.interrupts import is_interrupted
from hbac_assets.store.locks import THIS_RUN

if TYPE_CHECKING:
    from dagster import DagsterEvent, EventLogEntry

LEFT = re.compile(r", (\d+) s left$")
COMPILING, TRAINED = ": compiling", ": trained "
# Messages about work in progress, and those that are noise on a terminal.
PASSING = re.compile(rf"{LEFT.pattern}|{COMPILING}$|: compiled in [0-9]+ s$|: [0-9]+ rows predicted$")
OMITTED = re.compile(rf"resident on the device$|by {THIS_RUN}$|Not executing\.$|^Emitting implicit Nothing")
DETAILS = re.compile(r", loss [0-9.]+|, [0-9]+ images/s")


@dataclass
class Step:
    """A running step: its start, its last message and the time of that, and the seconds left then."""

    began: float
    message: str = ""
    at: float = 0.0
    left: float | None = None

    def seconds_left(self, now: float) -> float | None:
        """Return the seconds left, if known."""
        return None if self.left is None else max(self.left - (now - self.at), 0.0)


class RunProgress:
    """The state of a run according to its events."""

    def __init__(self, terminal: Terminal) -> None:
        """Begin without events; `terminal` colours failures."""
        self._terminal = terminal
        self._planned: set[str] = set()
        self._made: set[str] = set()
        self._said: set[str] = set()
        self._running: dict[str, Step] = {}
        self._grid = Grid()

    def take(self, entry: "EventLogEntry") -> str:
        """Process an entry of the log and return the line to print; empty if none."""
        event, key, now = entry.dagster_event, entry.step_key or "", entry.timestamp
        if event is None:
            text = self._of_message(entry, key)
        else:
            text = self._of_event(event, key, now) or self._terminal.styled(_failure(event), RED)
        if not text:
            return ""
        asset = self._asset(key)
        self._said.add(asset)
        at = time.strftime("%H:%M:%S", time.localtime(now))
        return f"{at}  {self._position(asset)}  {asset:<17}  {text}"

    def status(self, now: float) -> str:
        """Return the work in progress."""
        if not self._running:
            return f"{self._position()}  starting the next step" if self._made else "starting"
        steps = [self._of_step(key, step, now) for key, step in self._running.items()]
        if any(map(_cell, self._running)):
            steps.insert(0, f"trained_models: {self._of_grid(now)}")
        return f"{self._position()}  {'; '.join(filter(None, steps))}"

    def _of_event(self, event: "DagsterEvent", key: str, now: float) -> str:
        """Record what an event reports of assets, cells and steps; return the line of an asset that had none."""
        from dagster import DagsterEventType

        if event.event_type is DagsterEventType.ASSET_MATERIALIZATION_PLANNED and event.asset_key:
            self._planned.add(event.asset_key.to_user_string())
        elif event.event_type is DagsterEventType.ASSET_MATERIALIZATION and event.asset_key:
            self._made.add(event.asset_key.to_user_string())
        elif event.event_type in (DagsterEventType.STEP_START, DagsterEventType.STEP_RESTARTED):
            self._running[key] = Step(now)
        elif event.event_type is DagsterEventType.STEP_OUTPUT and (cell := event.step_output_data.mapping_key):
            self._grid.planned.append(cell)
        elif event.event_type is DagsterEventType.STEP_UP_FOR_RETRY:
            self._running.pop(key, None)
            self._grid.began.pop(_cell(key), None)
            error = event.step_retry_data.error
            return f"{_cell(key) or key}: {first_line(error) if error else 'lost'}; retrying it"
        elif event.is_step_success or event.is_step_failure:
            if _cell(key):
                self._grid.end(_cell(key), now)
            ended = self._running.pop(key, None)
            if ended and event.is_step_success and key in self._planned - self._said:
                return f"done in {duration(now - ended.began)}"
        return ""

    def _position(self, asset: str = "") -> str:
        """Return the position of an asset (by default the next) among all, after those that are done."""
        total, made = len(self._planned), len(self._made & self._planned - {asset})
        return f"{min(made + 1, total)}/{total}"

    def _of_message(self, entry: "EventLogEntry", key: str) -> str:
        """Record a step's message as its present activity, and return it if it is to be printed."""
        text, left = entry.user_message, LEFT.search(entry.user_message)
        if key in self._running:
            seconds = float(left[1]) if left else None
            self._running[key] = Step(self._running[key].began, LEFT.sub("", text), entry.timestamp, seconds)
        if text.endswith(COMPILING):
            self._grid.began[_cell(key)] = entry.timestamp
        if int(entry.level) < logging.INFO or PASSING.search(text) or OMITTED.search(text):
            return ""
        if TRAINED in text and _cell(key):
            self._grid.end(_cell(key), entry.timestamp)
            return f"{text} ({self._of_grid(entry.timestamp)})"
        return text

    def _of_grid(self, now: float) -> str:
        """Return how many cells are done, and the time left."""
        running = {_cell(key): step.seconds_left(now) for key, step in self._running.items()}
        return f"{len(self._grid.done)} of {len(self._grid.planned)} models{self._grid.left(now, running)}"

    def _of_step(self, key: str, step: Step, now: float) -> str:
        """Return the activity of a step; a cell's message already names the cell."""
        left = step.seconds_left(now)
        text = DETAILS.sub("", step.message) + (f", {duration(left)} left" if left else "")
        if _cell(key):
            return "" if OMITTED.search(text) else text
        return f"{self._asset(key)}: {text}" if text else self._asset(key)

    def _asset(self, key: str) -> str:
        """Return the asset that a step materializes or checks: the beginning of its key."""
        return max((asset for asset in self._planned if key.startswith(asset)), key=len, default=key)


def _failure(event: "DagsterEvent") -> str:
    """Return the line of a failure, for a bug with its stack trace; empty for other events."""
    if is_interrupted():
        return ""
    if line := in_words(event):
        return f"FAILED: {line}"
    error = event.step_failure_data.error if event.is_step_failure else outside_steps(event)
    return f"FAILED: {root(error).to_string()}" if error else _unmet(event)


def _unmet(event: "DagsterEvent") -> str:
    """Return the line of a failed check."""
    from dagster import AssetCheckSeverity, DagsterEventType

    if event.event_type is not DagsterEventType.ASSET_CHECK_EVALUATION:
        return ""
    check = event.asset_check_evaluation_data
    kind = "warning" if check.severity is AssetCheckSeverity.WARN else "error"
    return "" if check.passed else f"check not passed ({kind}): {check.check_name}"


def _cell(key: str) -> str:
    """Return the cell that a step trains; empty if none."""
    return key.partition("[")[2].rstrip("]")
