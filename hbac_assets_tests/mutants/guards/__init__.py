"""Guards of this project, each with the test that fails without it.

`guard` occurs exactly once in `file`; `instead` is the result of a careless change.

One module per package of `hbac_assets`; `modules` has those of the top-level modules.
"""

from importlib import import_module
from pkgutil import iter_modules

from hbac_assets_tests.mutants.guards.guard import Guard

__all__ = ["GUARDS", "Guard"]

PACKAGES = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__) if module.name != "guard"]
GUARDS: list[Guard] = [guard for package in PACKAGES for guard in package.GUARDS]
