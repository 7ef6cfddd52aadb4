"""How the annotations of `hbac_assets.learning` and `hbac_assets.signals` are checked while tests run: by beartype.

A plugin of pytest, named in pyproject.toml: it is imported before any module that it looks at.
"""

from collections.abc import Callable
from typing import Any

from beartype import BeartypeConf, beartype
from beartype.roar import BeartypeDecorHintException
from jaxtyping import install_import_hook

CHECKS = beartype(conf=BeartypeConf(is_pep484_tower=True))  # an int is a float, too


def checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that checks its annotations; one that cannot, such as pydantic's validators, as it is."""
    try:
        return CHECKS(function)
    except BeartypeDecorHintException:
        return function


install_import_hook(["hbac_assets.learning", "hbac_assets.signals"], f"{__name__}.checked")
