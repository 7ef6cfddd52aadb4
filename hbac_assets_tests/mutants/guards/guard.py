"""A guard, and the test that fails without it."""

from typing import NamedTuple


class Guard(NamedTuple):
    """A piece of source text that prevents a silent error."""

    what: str
    file: str
    guard: str
    instead: str
    test: str
    needs: str = ""
    """The package of an extra that its test is skipped without."""
