"""Guards of this project, and for each the test that fails when it is taken away.

`guard` stands exactly once in `file`; `instead` is what a careless change would leave in its place.

A module for each package of `hbac_assets`; `modules` has those of the modules beside the packages.
"""

from hbac_assets_tests.mutants.guards import (
    assets,
    commands,
    competition,
    execution,
    experiments,
    inference,
    inventory,
    learning,
    modules,
    recordings,
    report,
    resources,
    scoring,
    signals,
    store,
    synthetic,
)
from hbac_assets_tests.mutants.guards.guard import Guard

__all__ = ["GUARDS", "Guard"]

PACKAGES = (
    assets,
    commands,
    competition,
    execution,
    experiments,
    inference,
    inventory,
    learning,
    modules,
    recordings,
    report,
    resources,
    scoring,
    signals,
    store,
    synthetic,
)
GUARDS: list[Guard] = [guard for package in PACKAGES for guard in package.GUARDS]
