"""A progress bar: one moving line on a terminal, a line every few seconds in a file or pipe."""

import time
from collections.abc import Callable

from hbac_assets.commands.terminal import Terminal
from hbac_assets.store.files import readable_size

LINES_EVERY_SECONDS, BAR_EVERY_SECONDS = 5.0, 0.2
BAR = 28


def real_time(rate: float) -> str:
    """Return a rate, in seconds of a recording per second, as text."""
    return f"{rate:,.0f} x real time"


def bytes_a_second(rate: float) -> str:
    """Return a rate, in bytes per second, as text."""
    return f"{readable_size(rate)}/s"


class Bar:
    """The progress through one recording, with the speed as a multiple of real time, or through something else.

    Attributes:
        name: the name of the recording or of the work.
    """

    def __init__(self, name: str, in_words: Callable[[float], str] = real_time) -> None:
        """Start now; `in_words` formats a rate in units per second."""
        self.name = name
        self._in_words = in_words
        self._terminal = Terminal()
        self._began = self._drawn = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        """Show that `done` of `total` units are done, unless the last update was a moment ago."""
        now, moves = time.monotonic(), self._terminal.moves
        if done and now - self._drawn >= (BAR_EVERY_SECONDS if moves else LINES_EVERY_SECONDS):
            self._drawn = now
            rate = done / (now - self._began)
            line = f"{self.name}  {done / total:4.0%}  {self._in_words(rate)}, {(total - done) / rate:.0f} s left"
            if moves:
                self._terminal.move(f"[{'#' * round(BAR * done / total):{BAR}}] {line}")
            else:
                self._terminal.line(line)

    def end(self) -> None:
        """Remove the bar."""
        self._terminal.move("")
