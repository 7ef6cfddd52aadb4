"""The checks pass on the chain's artifacts, and fail on wrong files that were sealed."""

import pandas as pd
from dagster import AssetSelection, Definitions, define_asset_job, load_asset_checks_from_modules

from hbac_assets import checks
from hbac_assets.assets.ensemble import ensemble
from hbac_assets.assets.folds import fold_assignments
from hbac_assets.assets.submission import submission
from hbac_assets.resources.environment import resources_from_environment
from hbac_assets.store.tables import write_table


def outcomes(resources, asset):
    definitions = Definitions(
        assets=[fold_assignments, ensemble, submission],
        asset_checks=load_asset_checks_from_modules([checks]),
        jobs=[define_asset_job("judge", AssetSelection.checks_for_assets(asset))],
        resources=resources_from_environment({}) | resources,
    )
    result = definitions.resolve_job_def("judge").execute_in_process(raise_on_error=False)
    return {one.check_name: one.passed for one in result.get_asset_check_evaluations()}


def test_all_checks_hold_on_a_finished_store(resources, lineage):
    assert outcomes(resources, fold_assignments)["patients_in_one_fold"]
    assert outcomes(resources, fold_assignments)["rows_in_one_fold"]
    assert outcomes(resources, submission) == {"submission_valid": True}


def test_a_patient_in_two_folds_is_seen(resources, lineage):
    rows = pd.read_parquet(lineage.folds.path)
    patient = rows["patient_id"].value_counts().index[0]
    first = rows.index[rows["patient_id"] == patient][0]
    rows.loc[first, "fold"] = 1 - rows.loc[first, "fold"]
    write_table(rows, lineage.folds)
    assert not outcomes(resources, fold_assignments)["patients_in_one_fold"]


def test_a_row_twice_and_an_empty_fold_are_seen(resources, lineage):
    rows = pd.read_parquet(lineage.folds.path)
    write_table(pd.concat([rows, rows.head(1)]), lineage.folds)
    assert not outcomes(resources, fold_assignments)["rows_in_one_fold"]
    write_table(rows[rows["fold"] == 0], lineage.folds)
    assert not outcomes(resources, fold_assignments)["rows_in_one_fold"]


def test_folds_of_unlike_classes_are_seen(resources, lineage):
    rows = pd.read_parquet(lineage.folds.path)
    write_table(rows.assign(fold=(rows["expert_consensus"] == "Other").astype(int)), lineage.folds)
    assert not outcomes(resources, fold_assignments)["class_shares_alike"]


def test_an_invalid_submission_is_seen(resources, lineage):
    frame = pd.read_csv(lineage.submission.path)
    frame.iloc[::-1].to_csv(lineage.submission.path, index=False)
    lineage.submission.seal()
    assert outcomes(resources, submission) == {"submission_valid": False}


def test_an_ensemble_worse_than_the_class_prior_is_seen(resources, lineage):
    facts = lineage.ensemble.facts()
    for row in facts["evaluation"]["models"]:
        row["mean"] += 10
    lineage.ensemble.seal(**facts)
    assert outcomes(resources, ensemble) == {"beats_class_prior": False}
