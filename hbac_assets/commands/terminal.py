"""Standard error for people: lines, below them a moving line if it is a terminal, colour if wanted."""

import os
import sys
import threading
from typing import TextIO

ERASE = "\r\x1b[K"
DIM, RED = "2", "31"
LESS_THAN_A_MINUTE, LESS_THAN_TWO_HOURS = 60, 2 * 3600


class Terminal:
    """A stream of lines; on a terminal the last line shows the work in progress, below all others."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """Write to `stream`, by default standard error."""
        self._stream = stream or sys.stderr
        self.moves = self._stream.isatty() and os.environ.get("TERM") != "dumb"
        self._moving = ""
        self._lock = threading.Lock()

    def line(self, text: str) -> None:
        """Write a permanent line."""
        with self._lock:
            self._write((ERASE if self.moves else "") + text + "\n" + self._moving)

    def move(self, text: str) -> None:
        """Show a text in the moving line, if any, cut to the terminal's width; an empty text removes it."""
        if self.moves:
            with self._lock:
                shown = text[: self._columns() - 1]
                self._moving = self.styled(shown, DIM) if shown else ""
                self._write(ERASE + self._moving)

    def styled(self, text: str, style: str) -> str:
        """Return the text in a style if the stream shows colours and NO_COLOR is unset."""
        return styled(text, style, self._stream)

    def _columns(self) -> int:
        try:
            return os.get_terminal_size(self._stream.fileno()).columns or 80
        except OSError:
            return 80

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def styled(text: str, style: str, stream: TextIO) -> str:
    """Return a text in a style, for a terminal; unchanged elsewhere, and with NO_COLOR (https://no-color.org)."""
    plain = not text or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not stream.isatty()
    return text if plain else f"\x1b[{style}m{text}\x1b[0m"


def duration(seconds: float) -> str:
    """Return a duration in words, such as 3 min."""
    if seconds < LESS_THAN_A_MINUTE:
        return f"{max(seconds, 0):.0f} s"
    if seconds < LESS_THAN_TWO_HOURS:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 36 * 3600 else f"{seconds / 86400:.1f} days"
