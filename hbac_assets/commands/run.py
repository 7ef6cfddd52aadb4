"""Materialize the whole chain of an experiment, then print the scores.

Assets that are up to date are kept; an interrupted run resumes with the same command.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hbac_assets.commands.terminal import Terminal
from hbac_assets.commands.variables import not_empty
from hbac_assets.errors import HbacError
from hbac_assets.execution.failures import first_failure
from hbac_assets.execution.interrupts import INTERRUPTED_MESSAGE, kill_steps, watched
from hbac_assets.store.files import LITTLE_SPACE, writable

EXPERIMENT_HELP = "an experiment of this package, or your own .yaml file (HBAC_EXPERIMENT; quickstart)"
SILENT = {"console": {"config": {"log_level": "CRITICAL"}}}
"""Dagster's own logger, silenced because the event log is shown instead."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_choices(parser)
    parser.add_argument("--full", action="store_true", help="print all models and differences, even beyond one screen")


def add_choices(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose experiment and data; each overrides an environment variable."""
    parser.add_argument(
        "--experiment",
        dest="HBAC_EXPERIMENT",
        metavar="NAME",
        type=not_empty,
        help=EXPERIMENT_HELP,
    )
    add_data(parser)


def add_data(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose the data, and miniatures; as for `add_choices`."""
    parser.add_argument(
        "--data",
        dest="HBAC_DATA_DIR",
        metavar="FOLDER",
        type=not_empty,
        help="the competition's files in Kaggle's layout (HBAC_DATA_DIR; without it, synthetic data are generated)",
    )
    parser.add_argument(
        "--miniature",
        dest="HBAC_MINIATURE",
        action="store_const",
        const="1",
        help="reduce the experiment to minutes (HBAC_MINIATURE=1)",
    )


def main(options: argparse.Namespace) -> int:
    """Run the chain of the chosen experiment and return the exit status.

    Raises:
        HbacError: with the one line of the first failure.
    """
    return materialize_and("whole_chain", lambda scores: print_report(scores, full=options.full))


def materialize_and(job: str, then: Callable[[str], None]) -> int:
    """Run a job of `definitions`, then what follows it, and return the exit status.

    `then` gets the address of the scores in MLflow.

    Raises:
        HbacError: with the one line of the first failure.
    """
    with watched() as watch:
        watch.raise_interrupts()
        try:
            with places_to_write():
                require_inputs()
                scores = materialize(job)
                if not watch.number:
                    then(scores)
        except BaseException as error:  # an interrupt raises different errors depending on where it hits
            if isinstance(error, HbacError):
                kill_steps()  # if their events cannot be stored, the exit would wait for them
            if not watch.number:
                raise
        if watch.number:
            watch.ignore_interrupts()
            print(f"\n{INTERRUPTED_MESSAGE}", file=sys.stderr)
            return 128 + watch.number
    return 0


@contextmanager
def places_to_write() -> Iterator[None]:
    """Require that results and Dagster's events can be written before the block; report a full disk in one line.

    While it runs, nothing of the store is freed.

    Raises:
        HbacError: `HBAC_STORE` or `DAGSTER_HOME` cannot be written, or a disk is full.
    """
    from hbac_assets.definitions import defs

    assert defs.resources is not None
    home = Path(os.environ["DAGSTER_HOME"])
    with defs.resources["store"].in_use(Terminal().line), writable(home, "DAGSTER_HOME", LITTLE_SPACE):
        yield


def require_inputs() -> None:
    """Check the experiment, data and device before a Dagster run is created.

    Raises:
        HbacError: the data are missing, the experiment's results belong to another file, or the device cannot be used.
    """
    from hbac_assets.definitions import defs

    assert defs.resources is not None
    store, experiment = defs.resources["store"], defs.resources["experiment"]
    defs.resources["competition"].require_files()
    experiment.require_unclaimed(experiment.load().name, store.root)
    defs.resources["accelerator"].require_usable(Terminal().line)


def materialize(job: str) -> str:
    """Run a job of `definitions`, each asset in separate steps, and show its progress.

    Returns:
        The address of the scores in MLflow; empty if nothing was logged.

    Raises:
        HbacError: with the one line of the first failure.
    """
    from dagster import execute_job, reconstructable

    from hbac_assets import definitions
    from hbac_assets.assets.mlflow_runs import PAGE_TAG
    from hbac_assets.commands.follower import Follower
    from hbac_assets.commands.opening import opening
    from hbac_assets.execution.runs import report_dead_runs
    from hbac_assets.resources.dagster_home import open_instance, told_if_locked
    from hbac_assets.resources.views import Workspace

    assert definitions.defs.resources is not None
    terminal, resources = Terminal(), definitions.defs.resources
    with told_if_locked(), open_instance() as instance:
        report_dead_runs(instance)
        workspace = Workspace.of(resources)
        terminal.line("\n".join([*opening(workspace, resources["accelerator"]), ""]))
        with (
            Follower(instance, terminal) as follower,
            execute_job(
                reconstructable(getattr(definitions, job)),
                instance,
                run_config={"loggers": SILENT},
                raise_on_error=False,
            ) as result,
        ):
            follower.end(result.run_id)
            if not result.success:
                raise HbacError(first_failure(result.all_events))
            run = instance.get_run_by_id(result.run_id)
            return run.tags.get(PAGE_TAG, "") if run else ""


def print_report(scores: str, *, full: bool) -> None:
    """Print the scores, the submission's path and how to explore them, on one screen or in `full`.

    `scores` is their address in MLflow.
    """
    from hbac_assets.commands.report import report
    from hbac_assets.definitions import defs

    assert defs.resources is not None
    resources = (defs.resources[name] for name in ("competition", "store", "experiment"))
    print(report(*resources, full=full, page=scores), end="")
