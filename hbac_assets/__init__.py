"""Harmful brain activity classification as software-defined assets.

Dagster finds the code location here: `defs` is the one name that this package offers. It is built when it is asked
for, so that a notebook which imports `hbac_assets.signals` does not pay for Dagster.
"""

from typing import Any


def __getattr__(name: str) -> Any:
    if name != "defs":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from hbac_assets.definitions import defs

    return defs


def __dir__() -> list[str]:
    return ["defs"]
