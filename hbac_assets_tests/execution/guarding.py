"""A run that does nothing with its store, whose step asks whether it may free that: `python -m … FOLDER`.

Prints what the step was told, empty if it may.
"""

import os
import sys
from pathlib import Path

from dagster import DagsterInstance, execute_job, job, op, reconstructable

from hbac_assets.errors import HbacError
from hbac_assets.resources.store import Store
from hbac_assets_tests.faults.crashing import quickly_started


@op
def asks(store: Store):
    """Try to have the store of the run, as none of its own code does."""
    try:
        with store.undisturbed():
            said = ""
    except HbacError as error:
        said = str(error)
    (store.root / "said.txt").write_text(said)


@job(executor_def=quickly_started, resource_defs={"store": Store.configure_at_launch()})
def asking():
    """One step."""
    asks()


if __name__ == "__main__":
    from hbac_assets_tests.execution import guarding as this  # by the name by which the steps know it

    os.environ["PRELOADED_TOO"] = ""
    config = {"resources": {"store": {"config": {"folder": sys.argv[1]}}}}
    with (
        DagsterInstance.get() as instance,
        execute_job(reconstructable(this.asking), instance, run_config=config, raise_on_error=True),
    ):
        print(Path(sys.argv[1], "said.txt").read_text())
