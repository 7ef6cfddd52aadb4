"""How far a command is: a bar on a terminal, a line every few seconds where the output is a file or a pipe."""

import time

from hbac_assets.commands.terminal import Terminal

LINES_EVERY_SECONDS, BAR_EVERY_SECONDS = 5.0, 0.2
BAR = 28


class Bar:
    """The progress through one recording, in multiples of its own time.

    Attributes:
        name: of the recording.
    """

    def __init__(self, name: str) -> None:
        """Begin now."""
        self.name = name
        self._terminal = Terminal()
        self._began = self._drawn = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        """Show that `done` of `total` seconds are predicted, unless that was shown just now."""
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
        """Take the bar away."""
        self._terminal.move("")
