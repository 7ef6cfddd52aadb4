"""The variables of the environment that a run passes on to its steps.

Ray shows them on its pages to everybody, and so do its commands. Whatever may hold a secret stays with each node, whose
environment has its own.
"""

import os
from collections.abc import Mapping

from hbac_assets.resources.tracking_uri import masked

PASSED = ("DAGSTER_HOME", "MLFLOW_TRACKING_URI", "MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK", "XLA_FLAGS")
OWN = "HBAC_"


def visible_variables(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return this project's variables and those of others that steps heed, without those that show a secret."""
    return {
        name: value
        for name, value in environment.items()
        if (name in PASSED or name.startswith(OWN)) and value == masked(value)
    }
