"""Materialize the whole chain of an experiment, then print the scores.

What is up to date is not made again; an interrupted run goes on with the same command.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hbac_assets.commands.variables import not_empty
from hbac_assets.errors import HbacError
from hbac_assets.execution.failures import first_failure
from hbac_assets.execution.interrupts import INTERRUPTED_MESSAGE, kill_steps, watched
from hbac_assets.store.files import LITTLE_SPACE, writable


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options; each sets an environment variable, which holds without it."""
    parser.add_argument(
        "--experiment",
        dest="HBAC_EXPERIMENT",
        metavar="NAME",
        type=not_empty,
        help="an experiment of this package, or your own .yaml file (HBAC_EXPERIMENT; quickstart)",
    )
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
    with watched() as watch:
        watch.raise_interrupts()
        try:
            with places_to_write():
                materialize_chain()
                if not watch.number:
                    print_report()
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
    with defs.resources["store"].in_use(say), writable(home, "DAGSTER_HOME", LITTLE_SPACE):
        yield


def materialize_chain() -> None:
    """Materialize every asset in steps of their own.

    Raises:
        HbacError: with the one line of the first failure.
    """
    from dagster import execute_job, reconstructable

    from hbac_assets.definitions import defs, whole_chain
    from hbac_assets.execution.runs import report_dead_runs
    from hbac_assets.resources.dagster_home import open_instance, told_if_locked

    assert defs.resources is not None
    defs.resources["accelerator"].require_usable(say)
    with told_if_locked(), open_instance() as instance:
        report_dead_runs(instance)
        with execute_job(
            reconstructable(whole_chain),
            instance,
            run_config={"loggers": {"console": {}}},
            raise_on_error=False,
        ) as result:
            if not result.success:
                raise HbacError(first_failure(result.all_events))


def say(line: str) -> None:
    """Print a line for people beside what the command is asked for."""
    print(line, file=sys.stderr, flush=True)


def print_report() -> None:
    """Print the scores, where the submission is, and how to look further."""
    from hbac_assets.commands.report import report
    from hbac_assets.definitions import defs

    assert defs.resources is not None
    print(report(defs.resources["competition"], defs.resources["store"], defs.resources["experiment"]))
