"""Which cases are in `make test`; `make faults` runs all."""

from collections.abc import Iterable

import pytest


def some_at_once(names: Iterable[str]) -> list[object]:
    """Return the parameters of a test: the first of every dozen in `make test`, the others in `make faults` only."""
    return [
        pytest.param(name, id=name, marks=() if number % 12 == 0 else pytest.mark.long)
        for number, name in enumerate(names)
    ]
