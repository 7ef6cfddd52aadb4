"""The report: a page with all results of an experiment."""

from dagster import AssetExecutionContext, MaterializeResult, MetadataValue, ResourceParam

from hbac_assets.assets.ensemble import ensemble
from hbac_assets.assets.folds import fold_assignments
from hbac_assets.assets.metadata import counts
from hbac_assets.assets.mlflow_runs import open_runs, tracked_ensemble
from hbac_assets.assets.oof_predictions import oof_predictions
from hbac_assets.assets.spectrograms import npy_spectrograms
from hbac_assets.assets.step import data_version, stage
from hbac_assets.assets.trained_models import trained_models
from hbac_assets.report.experiment import experiment_page
from hbac_assets.resources.tracking import Tracking
from hbac_assets.resources.views import Workspace
from hbac_assets.results.ensembles import chosen_methods
from hbac_assets.store.files import atomic_write


@stage(
    deps=[ensemble, oof_predictions, trained_models, fold_assignments, npy_spectrograms],
    group="results",
    page="docs/report.md",
    kinds={"html", "mlflow"},
)
def experiment_report(
    context: AssetExecutionContext, workspace: ResourceParam[Workspace], tracking: Tracking
) -> MaterializeResult:
    """All results of the experiment as one HTML file, which needs no network and can be printed.

    Data, leaderboard with paired differences, loss curves, speed, slices, calibration, confusion, floor and experts,
    and single rows with their EEG. MLflow has it among the artifacts of the submitted ensemble's run.
    """
    lineage = workspace.lineage()
    artifact, submitted = lineage.report, lineage.experiment.submitted
    with workspace.store.exclusive(lineage.experiment_folder, "experiment_report", context.log.info):
        if artifact.is_current():
            context.log.info("up to date, kept")
        else:
            page = experiment_page(lineage).encode()
            with atomic_write(artifact.path, size=len(page)) as temporary:
                temporary.write_bytes(page)
            artifact.seal()
    runs = open_runs(context, tracking, lineage)
    tracked = tracked_ensemble(runs, lineage, submitted, chosen_methods(lineage)[submitted])
    tracked.log_file(artifact.path)
    return MaterializeResult(
        data_version=data_version(artifact),
        metadata={
            "path": MetadataValue.path(artifact.path),
            "experiment": lineage.experiment.name,
            "ensemble": submitted,
            **counts({"MB": artifact.path.stat().st_size / 1e6}),
        },
    )
