"""`make run`: materialize the whole chain, then print what came out. Ends with one line if something is wrong."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hbac_assets.errors import HbacError
from hbac_assets.execution.failures import first_line, in_words, outside_steps
from hbac_assets.execution.interrupts import TOLD, kill_steps, watched
from hbac_assets.store.files import LITTLE_SPACE, place_to_write

if TYPE_CHECKING:
    from dagster import DagsterEvent


def main() -> int:
    """Run the chain of the chosen experiment and return the exit status."""
    with watched() as watch:
        watch.raise_interrupts()
        try:
            with places_to_write():
                materialize_chain()
                if not watch.number:
                    print_report()
        except HbacError as error:
            kill_steps()  # where nobody could keep their events, the exit would wait for them
            if not watch.number:
                print(f"\n{error}", file=sys.stderr)
                return 1
        except BaseException:  # what an interrupt becomes depends on where it hits
            if not watch.number:
                raise
        if watch.number:
            watch.ignore_interrupts()
            print(f"\n{TOLD}", file=sys.stderr)
            return 128 + watch.number
    return 0


@contextmanager
def places_to_write() -> Iterator[None]:
    """Require that results and Dagster's events can be written before the block, and tell of a full disk in one line.

    Raises:
        HbacError: `HBAC_STORE` or `DAGSTER_HOME` cannot be written, or a disk is full.
    """
    from hbac_assets.definitions import defs

    assert defs.resources is not None
    home = Path(os.environ.get("DAGSTER_HOME", "."))
    with defs.resources["store"].in_use(), place_to_write(home, "DAGSTER_HOME", LITTLE_SPACE):
        yield


def materialize_chain() -> None:
    """Materialize every asset in steps of their own.

    Raises:
        HbacError: with the one line of the first failure.
    """
    from dagster import execute_job, reconstructable

    from hbac_assets.definitions import defs, whole_chain
    from hbac_assets.execution.processes import identity
    from hbac_assets.execution.runs import PROCESS_TAG, report_dead_runs
    from hbac_assets.resources.dagster_home import open_instance, told_if_locked

    assert defs.resources is not None
    defs.resources["accelerator"].require_usable(lambda line: print(line, file=sys.stderr, flush=True))
    with told_if_locked(), open_instance() as instance:
        report_dead_runs(instance)
        with execute_job(
            reconstructable(whole_chain),
            instance,
            run_config={"loggers": {"console": {}}},
            tags={PROCESS_TAG: identity(os.getpid())},
            raise_on_error=False,
        ) as result:
            if not result.success:
                raise HbacError(first_failure(result.all_events))


def print_report() -> None:
    """Print the scores, where the submission is, and how to look further."""
    from hbac_assets.definitions import defs
    from hbac_assets.report import report

    assert defs.resources is not None
    print(report(defs.resources["competition"], defs.resources["store"], defs.resources["experiment"]))


def first_failure(events: "Sequence[DagsterEvent]") -> str:
    """Return the one line of the first failure, or the first of its error's lines where that is a defect."""
    for event in events:
        if line := in_words(event):
            return line
        if event.is_step_failure:
            error = event.step_failure_data.error
            return f"{event.step_key}: {first_line(error.cause or error) if error else 'failed'}"
        if error := outside_steps(event):
            return first_line(error)
    return (events[-1].message if events else None) or "the run did not start"


if __name__ == "__main__":
    sys.exit(main())
