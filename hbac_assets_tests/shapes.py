"""Checks of array annotations in `hbac_assets.learning` and `hbac_assets.signals` by beartype, in the tests.

A plugin of pytest, named in pyproject.toml: it is imported before any module that it looks at.
"""

from collections.abc import Callable
from typing import Any, get_args

from beartype import beartype
from jaxtyping import AbstractArray, install_import_hook


def checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that checks its arrays, and nothing else.

    To check a list beartype draws one of its items by Python's random numbers, from which Keras draws its seeds: a
    training that is looked at would not be the one that is not.
    """
    hints = function.__annotations__
    function.__annotations__ = {name: hint for name, hint in hints.items() if _is_of_arrays(hint)}
    return beartype(function)


def _is_of_arrays(hint: Any) -> bool:
    """Return whether an annotation is of an array, or has one within it."""
    return (isinstance(hint, type) and issubclass(hint, AbstractArray)) or any(map(_is_of_arrays, get_args(hint)))


install_import_hook(["hbac_assets.learning", "hbac_assets.signals"], f"{__name__}.checked")
