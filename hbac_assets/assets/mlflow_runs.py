"""The MLflow runs of an experiment's members, cells, ensembles, search and trials."""

from collections.abc import Iterable

from dagster import AssetExecutionContext, OpExecutionContext

from hbac_assets.execution.runs import process_of
from hbac_assets.learning.search.settings import Search
from hbac_assets.learning.settings import MemberSettings
from hbac_assets.lineage import Cell, Lineage
from hbac_assets.resources.commit import code_commit
from hbac_assets.resources.tracked_run import TrackedRun
from hbac_assets.resources.tracking import ExperimentRuns, Tracking, flattened

INCOMPLETE_TAG, PAGE_TAG = "hbac/mlflow", "hbac/scores"


def open_runs(
    context: OpExecutionContext | AssetExecutionContext, tracking: Tracking, lineage: Lineage
) -> ExperimentRuns:
    """Return the MLflow runs of the lineage's experiment, written by this Dagster run.

    If MLflow is unavailable, the first step to notice logs it and tags the run.
    """

    def warn(line: str) -> None:
        run = context.instance.get_run_by_id(context.run.run_id)
        if run is None or INCOMPLETE_TAG not in run.tags:
            context.instance.add_run_tags(context.run.run_id, {INCOMPLETE_TAG: "incomplete"})
            context.log.warning(line)

    process = process_of(context.instance, context.run.run_id)
    runs = tracking.open(lineage.experiment.name, lineage.dataset.fingerprint, context.run.run_id, warn, process)
    if runs.page and context.run.tags.get(PAGE_TAG) != runs.page:
        context.instance.add_run_tags(context.run.run_id, {PAGE_TAG: runs.page})
    return runs


def open_members(runs: ExperimentRuns, lineage: Lineage, to_train: Iterable[str]) -> None:
    """Tag the runs of killed processes and of other settings; begin the runs of members before their cells do.

    Args:
        runs: of the experiment.
        lineage: the experiment's.
        to_train: names of the members of which a cell is trained or reported; other members' runs stay as they are.
    """
    runs.fail_unfinished()
    members = map(lineage.member_fingerprint, lineage.experiment.members)
    current = {*members, *map(lineage.cell_fingerprint, lineage.cells)}
    runs.supersede("member", current.__contains__)
    for member in dict.fromkeys(to_train):
        tracked_member(runs, lineage, member).reopen()


def tracked_member(runs: ExperimentRuns, lineage: Lineage, member: str) -> TrackedRun:
    """Return the parent run of a member."""
    settings = lineage.experiment.members[member]
    tracked = runs.member(member, lineage.member_fingerprint(member), _params(settings), _tags(settings))
    tracked.log_dataset(lineage.dataset, "training")
    return tracked


def tracked_cell(runs: ExperimentRuns, lineage: Lineage, cell: Cell, parent: TrackedRun) -> TrackedRun:
    """Return the child run of a cell, below that of its member."""
    settings = lineage.experiment.members[cell.member]
    params = {**_params(settings), "fold": cell.fold}
    tracked = runs.cell(cell, parent.run_id, lineage.cell_fingerprint(cell), params, _tags(settings))
    tracked.log_dataset(lineage.dataset, "training")
    return tracked


def supersede_ensembles(runs: ExperimentRuns, lineage: Lineage) -> None:
    """Tag the runs of ensembles whose definition or predictions have changed."""
    current = set(map(lineage.ensemble_fingerprint, lineage.experiment.ensembles))
    runs.supersede("ensemble", current.__contains__)


def tracked_ensemble(runs: ExperimentRuns, lineage: Lineage, ensemble: str, method: str) -> TrackedRun:
    """Return the run of an ensemble that is blended by `method`."""
    definition = lineage.experiment.ensembles[ensemble].model_dump(mode="json")
    tags = {"members": ", ".join(definition["members"]), "method": method, "git_commit": code_commit()}
    tracked = runs.ensemble(ensemble, lineage.ensemble_fingerprint(ensemble), definition, tags)
    tracked.log_dataset(lineage.dataset, "evaluation")
    return tracked


def supersede_searches(runs: ExperimentRuns, lineage: Lineage) -> None:
    """Tag the runs of other searches, with their trials."""
    study = lineage.tuned_member.inputs
    runs.supersede("search", lambda fingerprint: fingerprint.split("-")[0] == study)


def tracked_search(runs: ExperimentRuns, lineage: Lineage, search: Search) -> TrackedRun:
    """Return the parent run of the search."""
    settings = lineage.experiment.members[search.member]
    params = {**_params(settings), **flattened(search.model_dump(mode="json"), "search.")}
    return runs.search(search.member, lineage.tuned_member.inputs, params, _tags(settings))


def tracked_trial(
    runs: ExperimentRuns, study: str, search: Search, number: int, settings: MemberSettings, parent: TrackedRun
) -> TrackedRun:
    """Return the child run of a trial with its `settings`, below that of the search; `study` is its fingerprint."""
    return runs.trial(search.member, number, parent.run_id, study, _params(settings), _tags(settings))


def _params(settings: MemberSettings) -> dict[str, object]:
    return flattened(settings.model_dump(mode="json"))


def _tags(settings: MemberSettings) -> dict[str, str]:
    return {"backbone": settings.backbone, "git_commit": code_commit()}
