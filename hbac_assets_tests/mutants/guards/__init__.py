"""Guards of this project, and for each the test that fails when it is taken away.

`guard` stands exactly once in `file`; `instead` is what a careless change would leave in its place.

A module for each package of `hbac_assets`; `modules` has those of the modules beside the packages.
"""

from importlib import import_module
from pkgutil import iter_modules

from hbac_assets_tests.mutants.guards.guard import Guard

__all__ = ["GUARDS", "Guard"]

PACKAGES = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__) if module.name != "guard"]
GUARDS: list[Guard] = [guard for package in PACKAGES for guard in package.GUARDS]
