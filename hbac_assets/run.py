"""`make run`: materialize the whole chain, then print what came out. Ends with one line if something is wrong."""

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hbac_assets.errors import HbacError

if TYPE_CHECKING:
    from dagster import DagsterEvent, DagsterInstance


def main() -> int:
    """Run the chain of the chosen experiment and return the exit status."""
    try:
        materialize_chain()
        print_report()
    except HbacError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted; the same command goes on from here", file=sys.stderr)
        return 130
    return 0


def materialize_chain() -> None:
    """Materialize every asset in steps of their own.

    Raises:
        HbacError: with the description of the first step that failed.
    """
    from dagster import execute_job, reconstructable

    from hbac_assets.definitions import defs, whole_chain
    from hbac_assets.processes import identity
    from hbac_assets.resources.runs import PROCESS_TAG, report_dead_runs

    assert defs.resources is not None
    defs.resources["accelerator"].chosen_device()
    with open_instance() as instance:
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


def open_instance() -> "DagsterInstance":
    """Return the instance that `DAGSTER_HOME` names.

    Raises:
        HbacError: it names none, or Dagster cannot open it.
    """
    from dagster import DagsterError, DagsterInstance
    from yaml import YAMLError

    try:
        return DagsterInstance.get()
    except (DagsterError, YAMLError, OSError) as error:
        home = os.environ.get("DAGSTER_HOME", "")
        said = " ".join(str(error).split())[:200]
        raise HbacError(
            f"DAGSTER_HOME: expected the absolute path of a folder, with Dagster's settings in dagster.yaml, found "
            f"'{home}' ({type(error).__name__}: {said}); correct it, or unset it and `source .envrc`"
        ) from error


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
