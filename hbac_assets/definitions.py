"""The Dagster definitions: assets, checks, jobs, sensors, executor and resources, and nothing else."""

from collections.abc import Mapping
from typing import Any

from dagster import (
    AssetSelection,
    Definitions,
    JobDefinition,
    define_asset_job,
    load_asset_checks_from_modules,
    load_assets_from_modules,
)

from hbac_assets import checks
from hbac_assets.assets import (
    competition,
    eeg_spectrograms,
    ensemble,
    experiment_report,
    fold_models,
    folds,
    hyperparameter_search,
    inference_bundle,
    oof_predictions,
    spectrograms,
    submission,
    trained_models,
)
from hbac_assets.assets.sensors import changed_input_data
from hbac_assets.execution.choice import chosen_executor
from hbac_assets.resources.environment import resources_from_environment

STAGES = [
    competition, spectrograms, eeg_spectrograms, folds, hyperparameter_search,
    trained_models, oof_predictions, ensemble, submission, experiment_report, inference_bundle,
]  # fmt: skip
# Without the search: hours of training that nothing downstream depends on. Without the bundle, which needs an extra.
CHAIN = AssetSelection.all() - AssetSelection.assets("hyperparameter_search", "inference_bundle")


def build_defs(resource_overrides: Mapping[str, Any] | None = None) -> Definitions:
    """Return the code location.

    Args:
        resource_overrides: resources that replace those from the environment, by name.

    Raises:
        HbacError: an environment variable or the chosen experiment's file is invalid.
    """
    resources = {**resources_from_environment(), **(resource_overrides or {})}
    resources["experiment"].load()
    return Definitions(
        assets=[*load_assets_from_modules(STAGES), fold_models.fold_models],
        asset_checks=load_asset_checks_from_modules([checks]),
        jobs=[
            define_asset_job("whole_chain", CHAIN, description="From raw files to the submission."),
            define_asset_job("bundle", "inference_bundle", description="The trained ensemble, for use elsewhere."),
        ],
        sensors=[changed_input_data],
        resources=resources,
        executor=chosen_executor(),
    )


defs = build_defs()


def whole_chain() -> JobDefinition:
    """Return the job of the whole chain, in a form that other processes can rebuild."""
    return defs.resolve_job_def("whole_chain")


def bundle() -> JobDefinition:
    """Return the job that exports the bundle, in a form that other processes can rebuild."""
    return defs.resolve_job_def("bundle")
