"""`make run`: materialize the whole chain, then print what came out. Ends with one line if something is wrong."""

import multiprocessing
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hbac_assets.errors import HbacError
from hbac_assets.files import LITTLE_SPACE, full_disk, require_writable

if TYPE_CHECKING:
    from dagster import DagsterEvent


def main() -> int:
    """Run the chain of the chosen experiment and return the exit status."""
    try:
        with places_to_write():
            materialize_chain()
            print_report()
    except HbacError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted; the same command goes on from here", file=sys.stderr)
        return 130
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
    require_writable(home, "DAGSTER_HOME")
    with defs.resources["store"].in_use():
        try:
            yield
        except Exception as error:
            if full := full_disk(home, error, LITTLE_SPACE):
                end_steps()
                raise full from error
            raise


def end_steps() -> None:
    """End the steps that are still running, whose events nobody could keep; the exit would wait for them."""
    for process in multiprocessing.active_children():
        process.terminate()
        process.join()


def materialize_chain() -> None:
    """Materialize every asset in steps of their own.

    Raises:
        HbacError: with the description of the first step that failed.
    """
    from dagster import DagsterInstance, execute_job, reconstructable

    from hbac_assets.definitions import defs, whole_chain
    from hbac_assets.processes import identity
    from hbac_assets.resources.runs import PROCESS_TAG, report_dead_runs

    assert defs.resources is not None
    defs.resources["accelerator"].chosen_device()
    with DagsterInstance.get() as instance:
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
    """Return the one-line description of the first failed step, or Dagster's message where the step gave none."""
    for event in events:
        if event.is_step_failure:
            failure = event.step_failure_data
            if failure.user_failure_data and failure.user_failure_data.description:
                return failure.user_failure_data.description
            error = failure.error and (failure.error.cause or failure.error)
            return f"{event.step_key}: {error.message if error else 'failed'}".strip().splitlines()[0]
    return (events[-1].message if events else None) or "the run did not start"


if __name__ == "__main__":
    sys.exit(main())
