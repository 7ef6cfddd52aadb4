"""A progress bar: one moving line on a terminal, a line every few seconds in a file or pipe."""

import time

from hbac_assets.commands.terminal import Terminal

LINES_EVERY_SECONDS, BAR_EVERY_SECONDS = 5.0, 0.2
BAR = 28


class Bar:
    """The progress through one recording, with the speed as a multiple of real time.

    Attributes:
        name: of the recording.
    """

    def __init__(self, name: str) -> None:
        """Begin now."""
        self.name = name
        self._terminal = Terminal()
        self._began = self._drawn = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        """Show that `done` of `total` seconds are predicted, unless the last update was a moment ago."""
        now, moves = time.monotonic(), self._terminal.moves
        if done and now - self._drawn >= (BAR_EVERY_SECONDS if moves else LINES_EVERY_SECONDS):
            self._drawn = now
            rate = done / (now - self._began)
            line = f"{self.name}  {done / total:4.0%}  {rate:,.0f} x real time, {(total - done) / rate:.0f} s left"
            if moves:
                self._terminal.move(f"[{'#' * round(BAR * done / total):{BAR}}] {line}")
            else:
                self._terminal.line(line)

    def end(self) -> None:
        """Remove the bar."""
        self._terminal.move("")
