"""The environment variables that a run passes to its steps.

They are public in Ray's dashboard and commands. Variables that may hold a secret are not passed: each node sets its
own.
"""

import os
from collections.abc import Mapping

from hbac_assets.resources.tracking_uri import masked

PASSED = ("DAGSTER_HOME", "MLFLOW_TRACKING_URI", "MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK", "XLA_FLAGS")
OWN = "HBAC_"


def visible_variables(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables that steps use, this project's and others', except those with a secret."""
    return {
        name: value
        for name, value in environment.items()
        if (name in PASSED or name.startswith(OWN)) and value == masked(value)
    }
