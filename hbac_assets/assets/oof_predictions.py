"""Every row predicted by the models that never saw its patient, and what that scores."""

import logging

import pandas as pd
from dagster import AssetExecutionContext, MaterializeResult, MetadataValue, ResourceParam

from hbac_assets.assets.eeg_spectrograms import eeg_spectrograms
from hbac_assets.assets.folds import fold_assignments
from hbac_assets.assets.grid import missing_cells
from hbac_assets.assets.metadata import picture, preview
from hbac_assets.assets.mlflow_runs import open_runs, tracked_member
from hbac_assets.assets.optimism import chosen_epochs, optimism_metadata
from hbac_assets.assets.prediction import configure_device, member_images, predict_cell
from hbac_assets.assets.published import published_here
from hbac_assets.assets.references import reference_rows
from hbac_assets.assets.scores import evaluation, log_scores, overall_kl, score_facts, score_metadata
from hbac_assets.assets.spectrograms import npy_spectrograms
from hbac_assets.assets.step import data_version, stage
from hbac_assets.assets.trained_models import trained_models
from hbac_assets.errors import HbacError
from hbac_assets.lineage import Cell, Lineage
from hbac_assets.resources.accelerator import Accelerator
from hbac_assets.resources.tracking import Tracking
from hbac_assets.resources.views import Workspace
from hbac_assets.scoring.oof_rows import oof_rows
from hbac_assets.scoring.pictures import scores_by_member
from hbac_assets.store.tables import read_table, write_table


@stage(
    deps=[trained_models, fold_assignments, npy_spectrograms, eeg_spectrograms],
    group="evaluation",
    kinds={"keras", "parquet"},
)
def oof_predictions(
    context: AssetExecutionContext,
    workspace: ResourceParam[Workspace],
    accelerator: Accelerator,
    tracking: Tracking,
) -> MaterializeResult:
    """Out-of-fold predictions: one row for each sample and member, with six probabilities and six vote shares.

    A row is predicted by the model of the fold that held its patient out. Scores are the competition's KL
    divergence, by vote slice and by agreement category, with 95 % intervals from resampled patients; the class prior
    and a logistic regression on band powers are scored on the same rows in the same way.
    """
    lineage = workspace.lineage()
    missing = missing_cells(lineage)
    if missing:
        raise HbacError(f"oof_predictions: not trained: {', '.join(missing)}; materialize trained_models first")
    with workspace.store.exclusive(lineage.experiment_folder, "oof_predictions", context.log.info):
        if lineage.oof.is_current():
            context.log.info("up to date, kept")
        else:
            with accelerator.lease(context.log.info):
                configure_device(accelerator, workspace.store)
                oof = held_out_predictions(lineage, context.log)
            write_table(oof, lineage.oof, **score_facts(pd.concat([oof, reference_rows(lineage)])))
    kl, found, epochs = overall_kl(lineage.oof), evaluation(lineage.oof), chosen_epochs(lineage)
    runs = open_runs(context, tracking, lineage)
    for member in lineage.experiment.members:
        tracked = tracked_member(runs, lineage, member)
        log_scores(tracked, found, member)
        if member in epochs:
            tracked.log_metrics({"epoch_optimism": epochs[member].optimism})
        tracked.finish()  # it is a new run where only `scored_epoch` has changed
    return MaterializeResult(
        data_version=data_version(lineage.oof),
        metadata={
            "path": MetadataValue.path(lineage.oof.path),
            **{f"KL, {model}": score for model, score in kl.items()},
            **published_here(lineage.experiment, kl, synthetic=workspace.competition.is_synthetic),
            "scores, all rows": picture(scores_by_member(pd.DataFrame(found.models))),
            **optimism_metadata(epochs),
            **score_metadata(lineage.oof),
            "preview": preview(read_table(lineage.oof)),
        },
    )


def held_out_predictions(lineage: Lineage, log: logging.Logger) -> pd.DataFrame:
    """Return the out-of-fold rows of every member, in the order of members and of the sampled rows."""
    rows = read_table(lineage.folds)
    members = [_held_out_rows(lineage, member, rows, log) for member in lineage.experiment.members]
    return pd.concat(members, ignore_index=True)


def _held_out_rows(lineage: Lineage, member: str, rows: pd.DataFrame, log: logging.Logger) -> pd.DataFrame:
    """Return the out-of-fold rows of one member; afterwards nothing holds its images any more."""
    images = member_images(lineage, member, rows, log)
    predicted = []
    for fold in range(lineage.experiment.folds):
        held_out = (rows["fold"] == fold).to_numpy()
        probabilities = predict_cell(lineage, Cell(member, fold), images.subset(held_out), log)
        predicted.append(oof_rows(rows[held_out], member, probabilities))
    return pd.concat(predicted).sort_index()
