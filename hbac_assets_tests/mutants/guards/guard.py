"""A guard, and the test that fails when it is taken away."""

from typing import NamedTuple


class Guard(NamedTuple):
    """A few words of source text without which something goes wrong unseen."""

    what: str
    file: str
    guard: str
    instead: str
    test: str
    needs: str = ""
    """The package of an extra that its test is skipped without."""
