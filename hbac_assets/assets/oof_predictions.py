"""Out-of-fold predictions of every row, and their scores."""

import logging

import numpy as np
import pandas as pd
from dagster import AssetExecutionContext, MaterializeResult, MetadataValue, ResourceParam

from hbac_assets.assets.eeg_spectrograms import eeg_spectrograms
from hbac_assets.assets.folds import fold_assignments
from hbac_assets.assets.grid import missing_cells
from hbac_assets.assets.members import training_seconds
from hbac_assets.assets.metadata import plotted, preview, stored_table
from hbac_assets.assets.mlflow_runs import open_runs, tracked_cell, tracked_member
from hbac_assets.assets.optimism import optimism_metadata
from hbac_assets.assets.prediction import configure_device, member_images, predict_cell_variants
from hbac_assets.assets.published import published_here
from hbac_assets.assets.references import reference_rows
from hbac_assets.assets.scores import log_scores, score_metadata
from hbac_assets.assets.spectrograms import npy_spectrograms
from hbac_assets.assets.step import data_version, stage
from hbac_assets.assets.test_time import gain_facts, gain_metadata, log_gain
from hbac_assets.assets.trained_models import trained_models
from hbac_assets.errors import HbacError
from hbac_assets.lineage import Cell, Lineage
from hbac_assets.resources.accelerator import Accelerator
from hbac_assets.resources.tracked_run import TrackedRun
from hbac_assets.resources.tracking import ExperimentRuns, Tracking
from hbac_assets.resources.views import Workspace
from hbac_assets.results.optimism import chosen_epochs
from hbac_assets.results.scores import evaluation, overall_kl, score_facts
from hbac_assets.results.test_time import kept_gains
from hbac_assets.scoring.oof_rows import oof_rows
from hbac_assets.scoring.paired_gain import PairedGain, paired_gain
from hbac_assets.store.tables import read_table, write_table


@stage(
    deps=[trained_models, fold_assignments, npy_spectrograms, eeg_spectrograms],
    group="results",
    page="docs/scores.md",
    kinds={"keras", "parquet"},
    leases=True,
)
def oof_predictions(
    context: AssetExecutionContext,
    workspace: ResourceParam[Workspace],
    accelerator: Accelerator,
    tracking: Tracking,
) -> MaterializeResult:
    """Out-of-fold predictions: one row per sampled row and member, with six probabilities and six vote fractions.

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
                oof, gains = held_out_predictions(lineage, context.log)
            facts = score_facts(pd.concat([oof, reference_rows(lineage)])) | gain_facts(gains)
            write_table(oof, lineage.oof, **facts)
    kl, found, epochs = overall_kl(lineage.oof), evaluation(lineage.oof), chosen_epochs(lineage)
    rows = read_table(lineage.oof)
    of_member = dict(list(rows.groupby("member")))
    best = next(model for model in kl if model in of_member)
    gains = kept_gains(lineage.oof)
    runs = open_runs(context, tracking, lineage)
    for member in lineage.experiment.members:
        tracked = tracked_member(runs, lineage, member)
        log_scores(tracked, found, member, of_member[member])
        if member in epochs:
            tracked.log_metrics({"epoch_optimism": epochs[member].optimism})
        if member in gains:
            log_gain(tracked, gains[member])
        # It is a new run if only the member's prediction settings have changed.
        tracked.finish(training_seconds(lineage, member))
        log_folds(runs, lineage, member, tracked, of_member[member])
    return MaterializeResult(
        data_version=data_version(lineage.oof),
        metadata={
            **score_metadata(lineage, lineage.oof, best, of_member[best]),
            **plotted(lineage, kl),
            **published_here(lineage.experiment, kl, synthetic=workspace.competition.is_synthetic),
            **optimism_metadata(epochs),
            **gain_metadata(gains),
            "preview": preview(rows),
            "path": MetadataValue.path(lineage.oof.path),
            **stored_table(rows, columns_first=False),
        },
    )


def log_folds(runs: ExperimentRuns, lineage: Lineage, member: str, parent: TrackedRun, predicted: pd.DataFrame) -> None:
    """Log to the run and model of each fold its score on the held-out rows."""
    for fold, rows in predicted.groupby("fold"):
        tracked = tracked_cell(runs, lineage, Cell(member, int(str(fold))), parent)
        tracked.log_model_metrics({"fold_kl": float(rows["kl"].mean())})


def held_out_predictions(lineage: Lineage, log: logging.Logger) -> tuple[pd.DataFrame, dict[str, PairedGain]]:
    """Return the out-of-fold rows of every member, in the order of members and of the sampled rows.

    Also the gain of each member with `test_time` by the variants of its images.
    """
    from hbac_assets.learning.test_time import mean_over_variants

    rows = read_table(lineage.folds)
    predicted, gains = [], {}
    for member, settings in lineage.experiment.members.items():
        variants = _held_out_variants(lineage, member, rows, log)
        averaged = oof_rows(rows, member, mean_over_variants(variants))
        predicted.append(averaged)
        if settings.test_time:
            plain, patients = oof_rows(rows, member, variants[:, 0]), rows["patient_id"].to_numpy()
            gains[member] = gain = paired_gain(plain["kl"].to_numpy(), averaged["kl"].to_numpy(), patients)
            log.info(f"{member}: KL {gain.before:.4f} without test-time variants, {gain.after:.4f} with them")
    return pd.concat(predicted, ignore_index=True), gains


def _held_out_variants(lineage: Lineage, member: str, rows: pd.DataFrame, log: logging.Logger) -> np.ndarray:
    """Return the out-of-fold probabilities (N, variants, 6) of one member, and release its images."""
    images = member_images(lineage, member, rows, log)
    places, predicted = [], []
    for fold in range(lineage.experiment.folds):
        held_out = np.flatnonzero(rows["fold"] == fold)
        places.append(held_out)
        predicted.append(predict_cell_variants(lineage, Cell(member, fold), images.subset(held_out), log))
    return np.concatenate(predicted)[np.argsort(np.concatenate(places))]
