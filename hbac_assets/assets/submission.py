"""The test rows in Kaggle's format."""

import logging

import numpy as np
import pandas as pd
from dagster import AssetExecutionContext, MaterializeResult, MetadataValue, asset

from hbac_assets.assets.ensemble import ensemble
from hbac_assets.assets.metadata import preview
from hbac_assets.assets.prediction import configure_device, member_images, predict_cell
from hbac_assets.assets.step import OWNERS, step
from hbac_assets.competition.tables import read_sample_submission, read_test
from hbac_assets.files import atomic_write
from hbac_assets.lineage import CODE_VERSIONS, Cell, Lineage
from hbac_assets.resources.accelerator import Accelerator
from hbac_assets.resources.competition import CompetitionData
from hbac_assets.resources.experiment import ExperimentChoice
from hbac_assets.resources.store import Store
from hbac_assets.resources.views import lineage_of
from hbac_assets.scoring.blend_files import load_blend
from hbac_assets.scoring.submission import build


@asset(
    deps=[ensemble],
    group_name="evaluation",
    kinds={"keras", "csv"},
    owners=OWNERS,
    code_version=CODE_VERSIONS["submission"],
)
@step
def submission(
    context: AssetExecutionContext,
    competition: CompetitionData,
    store: Store,
    experiment: ExperimentChoice,
    accelerator: Accelerator,
) -> MaterializeResult:
    """Test rows predicted by all folds of the last ensemble's members, blended as it learned, in Kaggle's format."""
    lineage = lineage_of(competition, store, experiment)
    artifact = lineage.submission
    with store.alone(lineage.experiment_folder, "submission", context.log.info):
        if artifact.is_current():
            context.log.info("up to date, kept")
        else:
            with accelerator.lease(context.log.info):
                configure_device(accelerator, store)
                frame = predicted_submission(lineage, context.log)
            with atomic_write(artifact.path) as temporary:
                frame.to_csv(temporary, index=False)
            artifact.seal()
    frame = pd.read_csv(artifact.require())
    return MaterializeResult(
        metadata={
            "path": MetadataValue.path(artifact.path),
            "ensemble": lineage.experiment.submitted,
            "rows": len(frame),
            "preview": preview(frame),
        }
    )


def predicted_submission(lineage: Lineage, log: logging.Logger) -> pd.DataFrame:
    """Predict the test rows: for each fold the ensemble's blend of that fold's models, then the mean over folds.

    A blend is learned from predictions of single models, and a network would see less decided ones in their mean.
    """
    lineage.ensemble.require()
    members, blend = load_blend(lineage.blend_folder(lineage.experiment.submitted))
    test = read_test(lineage.dataset.folder / "test.csv")
    test = test.assign(spectrogram_label_offset_seconds=0, eeg_label_offset_seconds=0)
    folds = range(lineage.experiment.folds)
    predictions = []
    for member in members:
        images = member_images(lineage, member, test, log)
        predictions.append([predict_cell(lineage, Cell(member, fold), images, log) for fold in folds])
    by_fold = np.array(predictions, dtype="float64").swapaxes(0, 1)
    blended = np.mean([blend(members_of_fold) for members_of_fold in by_fold], axis=0)
    blended /= blended.sum(axis=1, keepdims=True)
    sample = read_sample_submission(lineage.dataset.folder / "sample_submission.csv")
    return build(test["eeg_id"].tolist(), blended, sample)
