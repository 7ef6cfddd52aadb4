"""The test rows in Kaggle's format."""

import logging

import numpy as np
import pandas as pd
from dagster import AssetExecutionContext, MaterializeResult, MetadataValue, ResourceParam

from hbac_assets.assets.ensemble import ensemble
from hbac_assets.assets.folds import fold_assignments
from hbac_assets.assets.metadata import counts, preview, stored_table
from hbac_assets.assets.prediction import configure_device, member_images, predict_cell
from hbac_assets.assets.set_aside import set_aside_metadata, write_set_aside
from hbac_assets.assets.step import data_version, stage
from hbac_assets.assets.test_set import convert_test_recordings, incomplete_rows, placed_rows, readable
from hbac_assets.assets.trained_models import trained_models
from hbac_assets.competition.metadata import class_prior
from hbac_assets.competition.set_aside import together
from hbac_assets.competition.tables import NO_PATIENT
from hbac_assets.competition.usable import HALF
from hbac_assets.labels import CLASSES
from hbac_assets.lineage import Cell, Lineage
from hbac_assets.resources.accelerator import Accelerator
from hbac_assets.resources.views import Workspace
from hbac_assets.results.set_aside import read_set_aside
from hbac_assets.scoring.blend_files import load_blend
from hbac_assets.scoring.combining import combined
from hbac_assets.scoring.submission import build
from hbac_assets.store.files import atomic_write
from hbac_assets.store.tables import read_table


@stage(
    deps=[ensemble, trained_models, fold_assignments],
    group="results",
    page="docs/scores.md",
    kinds={"keras", "csv"},
    leases=True,
)
def submission(
    context: AssetExecutionContext,
    workspace: ResourceParam[Workspace],
    accelerator: Accelerator,
) -> MaterializeResult:
    """Test rows in Kaggle's format, predicted by all folds of the submitted ensemble's members.

    A new test set needs only this asset again. A row with missing or damaged recordings is predicted by the members
    that do not need them, at worst by the class prior, and is listed.
    """
    tables = workspace.competition.read_test(workspace.store)
    lineage = workspace.lineage()
    lineage.ensemble.require()
    with workspace.store.exclusive(lineage.recordings_folder("test"), "recordings", context.log.info):
        unusable = convert_test_recordings(tables, lineage, context.log)
    artifact = lineage.submission
    with workspace.store.exclusive(lineage.experiment_folder, "submission", context.log.info):
        if artifact.is_current():
            context.log.info("up to date, kept")
        else:
            rows = placed_rows(lineage)
            states = readable(lineage, rows)
            spoilt = incomplete_rows(lineage, rows, states)
            write_set_aside(together([spoilt, unusable]), artifact, context.log)
            with accelerator.lease(context.log.info):
                configure_device(accelerator, workspace.store)
                seen = {member: (state["reason"] == "").to_numpy() for member, state in states.items()}
                predictions = predicted_rows(lineage, rows, seen, context.log)
            frame = build(rows["eeg_id"].tolist(), predictions, tables.sample)
            with atomic_write(artifact.path) as temporary:
                frame.to_csv(temporary, index=False)
            prior = int((~np.any(list(seen.values()), axis=0)).sum())
            missing = np.max([state["missing"] for state in states.values()], axis=0)
            half = int(((missing >= HALF) & (missing < 1)).sum())
            artifact.seal(spoilt=len(spoilt), by_prior=prior, half_missing=half)
    facts, frame = artifact.facts(), pd.read_csv(artifact.require())
    return MaterializeResult(
        data_version=data_version(artifact),
        metadata={
            "file to submit": MetadataValue.path(artifact.path),
            "experiment": lineage.experiment.name,
            "ensemble": lineage.experiment.submitted,
            **counts(
                {
                    "rows that not all members could predict": int(facts["spoilt"]),
                    "rows predicted by the class prior": int(facts["by_prior"]),
                    "rows with half of a window missing": int(facts["half_missing"]),
                }
            ),
            **set_aside_metadata(read_set_aside(artifact)),
            "preview": preview(frame),
            **stored_table(frame),
        },
    )


def predicted_rows(
    lineage: Lineage, rows: pd.DataFrame, seen: dict[str, np.ndarray], log: logging.Logger
) -> np.ndarray:
    """Predict the test rows with the models of all members and folds, combined by `combining.combined`.

    Args:
        lineage: the ensemble's.
        rows: the test rows.
        seen: for each member, the rows (N,) for which it has all inputs.
        log: for progress.

    Returns:
        (N, 6) probabilities.
    """
    stored = load_blend(lineage.blend_folder(lineage.experiment.submitted))
    folds = range(lineage.experiment.folds)
    predictions = np.full((len(folds), len(stored.members), len(rows), len(CLASSES)), np.nan)
    for number, member in enumerate(stored.members):
        if seen[member].any():
            images = member_images(lineage, member, rows[seen[member]].reset_index(drop=True), log, "test")
            for fold in folds:
                predictions[fold, number, seen[member]] = predict_cell(lineage, Cell(member, fold), images, log)
    patients = rows["patient_id"].astype("object").where(rows["patient_id"] != NO_PATIENT, None).to_numpy()
    return combined(predictions, stored, class_prior(read_table(lineage.folds)), patients, rows["eeg_id"].to_numpy())
