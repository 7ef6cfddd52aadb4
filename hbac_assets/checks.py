"""The asset checks; a failed blocking check stops everything downstream."""

import pandas as pd
from dagster import AssetCheckResult, AssetCheckSeverity, ResourceParam, asset_check

from hbac_assets.assets.ensemble import ensemble
from hbac_assets.assets.folds import fold_assignments
from hbac_assets.assets.metadata import table
from hbac_assets.assets.step import step
from hbac_assets.assets.submission import submission
from hbac_assets.competition.metadata import SHARE_COLUMNS
from hbac_assets.competition.tables import read_test_tables
from hbac_assets.resources.views import Workspace
from hbac_assets.results.scores import overall_kl
from hbac_assets.scoring.references import CLASS_PRIOR
from hbac_assets.scoring.submission import violations
from hbac_assets.store.tables import read_table

CLASS_SHARE_TOLERANCE = 0.15


@asset_check(asset=fold_assignments, blocking=True)
@step
def patients_in_one_fold(workspace: ResourceParam[Workspace]) -> AssetCheckResult:
    """No patient has rows in two folds: a model must not have seen the patients that it is scored on."""
    rows = read_table(workspace.lineage().folds)
    folds = rows.groupby("patient_id")["fold"].nunique()
    split = folds.index[folds > 1].tolist()
    return AssetCheckResult(passed=not split, metadata={"patients in two folds": str(split[:20])})


@asset_check(asset=fold_assignments, blocking=True)
@step
def rows_in_one_fold(workspace: ResourceParam[Workspace]) -> AssetCheckResult:
    """Every sampled row occurs once, in one of the experiment's folds, none of which is empty."""
    lineage = workspace.lineage()
    rows = read_table(lineage.folds)
    twice = rows["label_id"][rows["label_id"].duplicated()].tolist()
    found, expected = sorted(rows["fold"].unique().tolist()), list(range(lineage.experiment.folds))
    return AssetCheckResult(
        passed=not twice and found == expected,
        metadata={"rows found twice": str(twice[:20]), "folds": str(found), "expected folds": str(expected)},
    )


@asset_check(asset=fold_assignments)
@step
def class_shares_alike(workspace: ResourceParam[Workspace]) -> AssetCheckResult:
    """The class fractions of each fold are near those of all rows; small or uneven data make this hard."""
    rows = read_table(workspace.lineage().folds)
    shares = list(SHARE_COLUMNS)
    difference = (rows.groupby("fold")[shares].mean() - rows[shares].mean()).abs().max(axis=1)
    return AssetCheckResult(
        passed=bool((difference <= CLASS_SHARE_TOLERANCE).all()),
        severity=AssetCheckSeverity.WARN,
        metadata={
            "tolerance": CLASS_SHARE_TOLERANCE,
            "largest difference": table(difference.rename("largest difference").reset_index()),
        },
    )


@asset_check(asset=ensemble)
@step
def beats_class_prior(workspace: ResourceParam[Workspace]) -> AssetCheckResult:
    """The nested out-of-fold KL divergence of the submitted ensemble is below that of the class prior."""
    lineage = workspace.lineage()
    kl, submitted = overall_kl(lineage.oof, lineage.ensemble), lineage.experiment.submitted
    return AssetCheckResult(
        passed=bool(kl[submitted] < kl[CLASS_PRIOR]),
        severity=AssetCheckSeverity.WARN,
        metadata={submitted: kl[submitted], CLASS_PRIOR: kl[CLASS_PRIOR]},
    )


@asset_check(asset=submission, blocking=True)
@step
def submission_valid(workspace: ResourceParam[Workspace]) -> AssetCheckResult:
    """Ids and their order equal sample_submission.csv; probabilities lie in [0, 1] and sum to 1."""
    lineage = workspace.lineage()
    found = violations(pd.read_csv(lineage.submission.require()), read_test_tables(lineage.dataset.folder).sample)
    return AssetCheckResult(passed=not found, metadata={"violations": "; ".join(found) or "none"})
