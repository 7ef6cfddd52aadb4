"""Which cases are in `make test`; `make faults` runs all."""

from collections.abc import Iterable

import pytest


def some_at_once(names: Iterable[str], one_of: int = 6) -> list[object]:
    """Return the parameters of a test: the first of every `one_of` in `make test`, the others in `make faults` only."""
    return [
        pytest.param(name, id=name, marks=() if number % one_of == 0 else pytest.mark.long)
        for number, name in enumerate(names)
    ]
