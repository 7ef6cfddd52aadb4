"""The results that MLflow runs refer to, by the tags that `tracking` sets."""

import os
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from hbac_assets.errors import HbacError
from hbac_assets.inventory.layout import Kind
from hbac_assets.inventory.references import LoggedRun
from hbac_assets.resources.tracking import FEW_ATTEMPTS
from hbac_assets.resources.tracking_database import database_file, require_present_schema
from hbac_assets.resources.tracking_uri import masked

if TYPE_CHECKING:
    from mlflow.entities import Run


def logged_runs(uri: str, datasets: Iterable[str]) -> list[LoggedRun]:
    """Return the runs, not deleted, on data sets given by the beginnings of their fingerprints.

    Nothing is written; without an SQLite file there are no runs.

    Raises:
        HbacError: MLflow is unavailable.
    """
    if uri.startswith("sqlite:///") and not database_file(uri).exists():
        return []
    for name, value in FEW_ATTEMPTS.items():
        os.environ.setdefault(name, value)
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        require_present_schema(uri)
        return [run for beginning in sorted(set(datasets)) for run in _search(uri, beginning)]
    except (HbacError, MlflowException, SQLAlchemyError, OSError) as error:
        said = masked((str(error).splitlines() or [""])[0], uri)
        raise HbacError(
            f"MLflow at {masked(uri)}: expected the list of runs, since they refer to results, "
            f"found {said}; fix that or correct MLFLOW_TRACKING_URI"
        ) from error


def _search(uri: str, data: str) -> list[LoggedRun]:
    from mlflow import MlflowClient

    client, condition = MlflowClient(uri), f"tags.data_fingerprint LIKE '{data}%'"
    names = {one.experiment_id: one.name for one in _pages(lambda token: client.search_experiments(page_token=token))}
    runs = _pages(lambda token: client.search_runs(list(names), condition, page_token=token)) if names else ()
    return [one for run in runs if (one := _logged(run, names[run.info.experiment_id]))]


def _pages(search: Callable[[str | None], Any]) -> Iterator[Any]:
    """Yield the results of all pages of a search; `search` takes the token of a page."""
    page = search(None)
    yield from page
    while page.token:
        page = search(page.token)
        yield from page


def _logged(run: "Run", experiment: str) -> LoggedRun | None:
    """Return the results that a run refers to; None for a member's parent run, whose folds have child runs."""
    tags = run.data.tags
    data = tags["data_fingerprint"]
    if "ensemble" in tags:
        return LoggedRun(experiment, data, Kind.ENSEMBLE)
    if "search" in tags:
        return LoggedRun(experiment, data, Kind.SEARCH)
    if "member" in tags and tags.get("fold", "").isdecimal():
        return LoggedRun(experiment, data, Kind.MODEL, tags["member"], int(tags["fold"]))
    return None
