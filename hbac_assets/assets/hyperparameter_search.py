"""The hyperparameter search of one member; its result is a member for other experiments."""

from typing import TYPE_CHECKING, Any

import pandas as pd
from dagster import AssetExecutionContext, Config, MaterializeResult, MetadataValue, ResourceParam
from pydantic import Field

from hbac_assets.assets.eeg_spectrograms import eeg_spectrograms
from hbac_assets.assets.folds import fold_assignments
from hbac_assets.assets.metadata import counts, picture, table
from hbac_assets.assets.mlflow_runs import open_runs, supersede_searches, tracked_search
from hbac_assets.assets.prediction import configure_device
from hbac_assets.assets.spectrograms import npy_spectrograms
from hbac_assets.assets.step import data_version, stage
from hbac_assets.assets.trials import Trials
from hbac_assets.execution.runs import report_dead_runs
from hbac_assets.experiments.member_file import write_member
from hbac_assets.learning.search.settings import Search
from hbac_assets.lineage import Lineage
from hbac_assets.resources.accelerator import Accelerator
from hbac_assets.resources.tracked_run import TrackedRun
from hbac_assets.resources.tracking import Tracking
from hbac_assets.resources.views import Workspace

if TYPE_CHECKING:
    from optuna import Study

BEST_ROWS = 10
SENTENCES = {
    "history": "Each trial's validation loss, and the lowest so far: while that falls, more batches can help.",
    "importances": "The importance of each hyperparameter for the differences between trials.",
}


class SearchConfig(Config):
    """The extent of a launch."""

    batches: int | None = Field(None, ge=1, description="end after this number of batches; empty: all that are left")


@stage(
    deps=[fold_assignments, npy_spectrograms, eeg_spectrograms],
    group="models",
    page="docs/methods.md",
    kinds={"optuna", "keras", "mlflow"},
    leases=True,
)
def hyperparameter_search(
    context: AssetExecutionContext,
    config: SearchConfig,
    workspace: ResourceParam[Workspace],
    accelerator: Accelerator,
    tracking: Tracking,
) -> MaterializeResult:
    """A member with better hyperparameters, found by trials in batches, for an experiment with a `search`.

    Each trial trains the member with other hyperparameters for a few epochs on a few of the experiment's folds; poor
    trials are pruned. A launch continues from the existing trials. The search uses folds on which members are scored,
    so that the score of the tuned member is optimistic on these rows.
    """
    search = workspace.experiment.load().search
    if search is None:
        context.log.info("the experiment has no search: nothing to do")
        return MaterializeResult(data_version=data_version(), metadata={"search": "the experiment has no search"})
    report_dead_runs(context.instance, context.run.run_id)
    lineage = workspace.lineage()
    lineage.folds.require()
    if _is_beside_all(context) and not lineage.tuned_member.is_current():
        note = "left out of a run that trains all models, since its trials take long: materialize it alone"
        context.log.info(note)
        return MaterializeResult(data_version=data_version(), metadata={"search": note})
    runs = open_runs(context, tracking, lineage)
    runs.fail_unfinished()
    supersede_searches(runs, lineage)
    with workspace.store.exclusive(lineage.experiment_folder, "hyperparameter_search", context.log.info):
        from hbac_assets.learning.search.study import finished_trials, open_study

        study = open_study(lineage.search_folder / "trials.db", lineage.tuned_member.inputs)
        parent = tracked_search(runs, lineage, search)
        trials = Trials(study, search, lineage, runs, parent, context.log)
        trials.log_missing()
        done = len(finished_trials(study))
        until = done if _is_beside_all(context) else _until(done, search, config.batches)
        if done >= until and _is_published(lineage, done) and runs.is_finished(lineage.tuned_member.inputs):
            context.log.info(f"{done} of {search.batches * search.trials} trials are done, kept")
        else:
            parent.reopen()
            try:
                if done < until:
                    with accelerator.lease(context.log.info):
                        configure_device(accelerator, workspace.store)
                        trials.run(until)
                _publish(study, search, lineage, parent)
            except BaseException as error:
                parent.fail(str(error))
                raise
        context.log.info(_use(lineage))
        return MaterializeResult(
            data_version=data_version(lineage.tuned_member),
            metadata={**_metadata(study, search, lineage), "MLflow run": parent.run_id},
        )


def _until(done: int, search: Search, batches: int | None) -> int:
    """Return the number of trials to reach in a launch of so many batches."""
    if batches is None:
        return search.batches * search.trials
    return min(search.batches, done // search.trials + batches) * search.trials


def _is_beside_all(context: AssetExecutionContext) -> bool:
    """Return whether the run selects all assets, so that the search was not requested."""
    return any(node.name == "trained_models" for node in context.job_def.nodes)


def _is_published(lineage: Lineage, trials: int) -> bool:
    artifact = lineage.tuned_member
    wanted = {"trials": trials, "prediction": _prediction(lineage)}
    return artifact.is_current() and wanted.items() <= artifact.facts().items()


def _prediction(lineage: Lineage) -> dict[str, Any]:
    """Return the prediction settings, which the tuned member inherits and no trial reads."""
    search = lineage.experiment.search
    assert search is not None
    return lineage.experiment.members[search.member].prediction_recipe


def _publish(study: "Study", search: Search, lineage: Lineage, parent: TrackedRun) -> None:
    """Log the summary of the trials, then write and seal the tuned member."""
    from hbac_assets.learning.search.study import require_best, trials_table
    from hbac_assets.learning.search.trial import tuned

    trials = trials_table(study, search)
    found = require_best(study, lineage.search_folder)
    outcomes = {str(outcome): int(count) for outcome, count in trials["outcome"].value_counts().items()}
    facts: dict[str, Any] = {"loss": found.value, "trials": len(trials), **outcomes}
    for name, png in _pictures(study, search, trials).items():
        parent.log_picture(png, f"{name}.png", SENTENCES[name])
    parent.log_table(trials, "trials.csv")
    parent.log_metrics({f"search_{name}": value for name, value in facts.items()})
    parent.finish()
    artifact = lineage.tuned_member
    comment = (
        f"{search.member} of {lineage.experiment.name} with the best of {len(trials)} trials: validation loss "
        f"{found.value:.4f}, mean of {search.folds} folds after {search.epochs} epochs"
    )
    write_member(artifact.path, tuned(lineage.experiment.members[search.member], found.params), comment)
    artifact.seal(**facts, prediction=_prediction(lineage))


def _metadata(study: "Study", search: Search, lineage: Lineage) -> dict[str, Any]:
    from hbac_assets.learning.search.study import trials_table

    trials = trials_table(study, search)
    complete = trials[trials["outcome"] == "complete"]
    return {
        "path": MetadataValue.path(lineage.tuned_member.path),
        "how to use it": _use(lineage),
        **counts({name: value for name, value in lineage.tuned_member.facts().items() if name != "prediction"}),
        **counts({"trials wanted": search.batches * search.trials}),
        **{name: picture(png, SENTENCES[name]) for name, png in _pictures(study, search, trials).items()},
        "best trials": table(complete.sort_values("loss", kind="stable").head(BEST_ROWS)),
    }


def _pictures(study: "Study", search: Search, trials: pd.DataFrame) -> dict[str, bytes]:
    from hbac_assets.learning.search.pictures import search_history, search_importances
    from hbac_assets.learning.search.study import importances

    title = f"Search of {search.member}"
    return {
        "history": search_history(trials, title),
        "importances": search_importances(importances(study, search), title),
    }


def _use(lineage: Lineage) -> str:
    path = lineage.tuned_member.path
    return f"in another experiment, use the result as the member `{path.stem}: {{from: {path}}}`"
