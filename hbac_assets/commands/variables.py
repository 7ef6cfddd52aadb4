"""The environment variables of a subcommand: set by its options, then by defaults.

`.envrc` sets the same defaults for Dagster's own commands and MLflow's.
"""

import argparse
import os
import sys

from hbac_assets.resources.paths import DEFAULT_PLACES, IN_CHECKOUT

SWITCHES = {
    "DO_NOT_TRACK": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    # No job workers of the MLflow server, which are not used here.
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    # About semaphores of a killed step: the process that warns of them has removed them.
    "PYTHONWARNINGS": "ignore:resource_tracker:UserWarning",
}


def set_variables(options: argparse.Namespace) -> None:
    """Set the variables of this process and its children; an empty one counts as absent."""
    os.environ.update({name: value for name, value in vars(options).items() if name.startswith("HBAC_") and value})
    defaults = DEFAULT_PLACES | SWITCHES
    if IN_CHECKOUT:  # no caches in the source tree
        sys.dont_write_bytecode = True
        defaults |= {"PYTHONDONTWRITEBYTECODE": "1"}
    for name, value in defaults.items():
        os.environ[name] = os.environ.get(name) or value
    os.environ["MLFLOW_BACKEND_STORE_URI"] = (
        os.environ.get("MLFLOW_BACKEND_STORE_URI") or os.environ["MLFLOW_TRACKING_URI"]
    )


def not_empty(text: str) -> str:
    """Return the value of an option; refuse an empty one, as an unset shell variable gives."""
    if not text:
        raise argparse.ArgumentTypeError("expected a value, found an empty one; give it or leave the option out")
    return text
