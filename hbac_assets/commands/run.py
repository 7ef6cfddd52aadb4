"""Materialize the whole chain of an experiment, then print the scores.

What is up to date is not made again; an interrupted run goes on with the same command.
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

SILENT = {"console": {"config": {"log_level": "CRITICAL"}}}
"""Dagster's own logger, where the event log is shown in its place."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_choices(parser)
    parser.add_argument("--full", action="store_true", help="end with all models and differences, beyond one screen")


def add_choices(parser: argparse.ArgumentParser) -> None:
    """Add what chooses experiment and data; each option sets an environment variable, which holds without it."""
    parser.add_argument(
        "--experiment",
        dest="HBAC_EXPERIMENT",
        metavar="NAME",
        type=not_empty,
        help="an experiment of this package, or your own .yaml file (HBAC_EXPERIMENT; quickstart)",
    )
    add_data(parser)


def add_data(parser: argparse.ArgumentParser) -> None:
    """Add what chooses the data, and whether experiments are shrunk; as for `add_choices`."""
    parser.add_argument(
        "--data",
        dest="HBAC_DATA_DIR",
        metavar="FOLDER",
        type=not_empty,
        help="the competition's files in Kaggle's layout (HBAC_DATA_DIR; without it, synthetic data are made)",
    )
    parser.add_argument(
        "--miniature",
        dest="HBAC_MINIATURE",
        action="store_const",
        const="1",
        help="shrink the experiment to minutes (HBAC_MINIATURE=1)",
    )


def main(options: argparse.Namespace) -> int:
    """Run the chain of the chosen experiment and return the exit status.

    Raises:
        HbacError: with the one line of the first failure.
    """
    return materialize_and("whole_chain", lambda scores: print_report(scores, full=options.full))


def materialize_and(job: str, then: Callable[[str], None]) -> int:
    """Run a job of `definitions`, then what follows it, and return the exit status.

    What follows is told where MLflow's pages show the scores.

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
        except BaseException as error:  # what an interrupt becomes depends on where it hits
            if isinstance(error, HbacError):
                kill_steps()  # where nobody could keep their events, the exit would wait for them
            if not watch.number:
                raise
        if watch.number:
            watch.ignore_interrupts()
            print(f"\n{INTERRUPTED_MESSAGE}", file=sys.stderr)
            return 128 + watch.number
    return 0


@contextmanager
def places_to_write() -> Iterator[None]:
    """Require that results and Dagster's events can be written before the block, and tell of a full disk in one line.

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
    """Check what the run is about and what it runs on, before Dagster knows of a run.

    Raises:
        HbacError: the data are not there, the experiment's results are those of another file, or the device cannot be
            used.
    """
    from hbac_assets.definitions import defs

    assert defs.resources is not None
    store, experiment = defs.resources["store"], defs.resources["experiment"]
    defs.resources["competition"].require_files()
    experiment.require_unclaimed(experiment.load().name, store.root)
    defs.resources["accelerator"].require_usable(Terminal().line)


def materialize(job: str) -> str:
    """Run a job of `definitions`, each asset in steps of its own, and show what goes on.

    Returns:
        The address at which MLflow's pages show the scores; empty where nothing was logged.

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
    """Print the scores, where the submission is, and how to explore them, on one screen or in `full`.

    `scores` is the address at which MLflow's pages show them.
    """
    from hbac_assets.commands.report import report
    from hbac_assets.definitions import defs

    assert defs.resources is not None
    resources = (defs.resources[name] for name in ("competition", "store", "experiment"))
    print(report(*resources, full=full, page=scores), end="")
