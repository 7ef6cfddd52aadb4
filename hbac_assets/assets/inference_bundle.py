"""The submitted ensemble as a bundle: a folder and a zip that predict without this project."""

import logging
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
from dagster import AssetExecutionContext, MarkdownMetadataValue, MaterializeResult, MetadataValue, ResourceParam

from hbac_assets.assets.ensemble import ensemble
from hbac_assets.assets.folds import fold_assignments
from hbac_assets.assets.metadata import counts, table
from hbac_assets.assets.mlflow_runs import open_runs, tracked_ensemble
from hbac_assets.assets.prediction import member_reader
from hbac_assets.assets.step import data_version, stage
from hbac_assets.assets.trained_models import trained_models
from hbac_assets.competition.metadata import SHARE_COLUMNS
from hbac_assets.errors import HbacError
from hbac_assets.inference.export import Windows, export_bundle, missing_extra
from hbac_assets.inference.forms import DEFAULT, Form
from hbac_assets.inference.packing import pack
from hbac_assets.labels import PROBABILITY_COLUMNS
from hbac_assets.learning import device
from hbac_assets.lineage import Cell, Lineage
from hbac_assets.resources.registry import DATA_TAG, BundleVersion
from hbac_assets.resources.tracking import ExperimentRuns, Tracking
from hbac_assets.resources.views import Workspace
from hbac_assets.results.ensembles import chosen_methods, ensemble_rows
from hbac_assets.results.scores import evaluation
from hbac_assets.scoring.paired import divergences
from hbac_assets.store.tables import read_table

COMPARED_ROWS = 24
"""Rows on which a graph is compared with its model."""
SCORED_ROWS = 600
"""Rows on which a graph with weights below single precision must score as well as its model."""


@stage(
    deps=[ensemble, trained_models, fold_assignments],
    group="results",
    page="docs/deployment.md",
    kinds={"onnx", "mlflow"},
)
def inference_bundle(
    context: AssetExecutionContext, workspace: ResourceParam[Workspace], tracking: Tracking
) -> MaterializeResult:
    """The submitted ensemble as ONNX graphs, with the code and settings to predict, and a model card.

    Each graph is compared with its Keras model on windows of the training data before it is kept. It is exported on
    request and needs the packages of the extra `bundle`; a run of all assets continues without them. In MLflow it is a
    version of a registered model; a version becomes champion if it is significantly better than the previous one.
    """
    lineage = workspace.lineage()
    artifact = lineage.bundle
    with workspace.store.exclusive(lineage.experiment_folder, "inference_bundle", context.log.info):
        if artifact.is_current():
            context.log.info("up to date, kept")
        elif missing := missing_extra():
            if _is_all(context):
                raise HbacError(missing)
            context.log.warning(missing)
            return MaterializeResult(data_version=data_version(), metadata={"note": missing})
        else:
            make_bundle(lineage, workspace.store.compilation_cache, context.log)
    folder, differences = lineage.bundle_folder, artifact.facts()["differences"]
    champion = _register(open_runs(context, tracking, lineage), lineage)
    context.log.info(champion)
    archive = packed(folder)
    compared = pd.DataFrame(differences.items(), columns=["graph", "largest difference"])
    return MaterializeResult(
        data_version=data_version(artifact),
        metadata={
            "path": MetadataValue.path(folder),
            "zip": MetadataValue.path(archive),
            **counts({"MB, zipped": archive.stat().st_size / 1e6}),
            "experiment": lineage.experiment.name,
            "ensemble": lineage.experiment.submitted,
            "registered model": champion,
            **counts({"largest difference from the Keras models": max(differences.values())}),
            "graphs": table(compared),
            "model card": MarkdownMetadataValue((folder / "MODEL_CARD.md").read_text(encoding="utf-8")),
        },
    )


def _is_all(context: AssetExecutionContext) -> bool:
    """Return whether the run is for the bundle alone."""
    return len(context.job_def.nodes) == 1


def make_bundle(lineage: Lineage, compilation_cache: Path, log: logging.Logger) -> None:
    """Write the bundle of the store and its zip, and seal them."""
    artifact, folder = lineage.bundle, lineage.bundle_folder
    artifact.unseal()
    shutil.rmtree(artifact.path, ignore_errors=True)
    differences = write_bundle(lineage, folder, compilation_cache, log)
    pack(folder, packed(folder))
    artifact.seal(differences=differences)


def write_bundle(
    lineage: Lineage, folder: Path, compilation_cache: Path, log: logging.Logger, form: Form = DEFAULT
) -> dict[str, float]:
    """Write a bundle into an empty folder; each graph is compared with its model on held-out windows.

    Returns:
        The largest difference of a probability between each graph and its model.

    Raises:
        HbacError: as `export_bundle`.
    """
    device.configure("cpu", "float32", compilation_cache)
    rows = read_table(lineage.folds)
    count = COMPARED_ROWS if form.is_exact else SCORED_ROWS

    def windows(cell: Cell) -> Windows:
        held_out = rows[rows["fold"] == cell.fold]
        compared = held_out.iloc[np.linspace(0, len(held_out) - 1, min(count, len(held_out)), dtype=int)]
        read = member_reader(lineage, cell.member, compared.reset_index(drop=True))
        return Windows(np.stack([read(row) for row in range(len(compared))]), compared[list(SHARE_COLUMNS)].to_numpy())

    return export_bundle(lineage, folder, windows, evaluation(lineage.ensemble).models, log.info, form)


def _register(runs: ExperimentRuns, lineage: Lineage) -> str:
    """Register the bundle in the ensemble's run, and return a sentence about the champion."""
    name = lineage.experiment.submitted
    rows = divergences(ensemble_rows(lineage, name), list(SHARE_COLUMNS), list(PROBABILITY_COLUMNS))
    own = evaluation(lineage.ensemble).record_of(name)
    scores = {f"nested_kl_{key}": str(own[key]) for key in ("mean", "low", "high")}
    settings = [lineage.experiment.members[member].preprocessing for member in lineage.submitted_members]
    reads = frozenset(array for one in settings for array in one.kind.reads)
    tags = {DATA_TAG: lineage.dataset.fingerprint, "data": lineage.dataset.key, "ensemble": name, **scores}
    version = BundleVersion(f"hbac-{lineage.experiment.name}", lineage.bundle_folder, reads, tags, rows)
    return tracked_ensemble(runs, lineage, name, chosen_methods(lineage)[name]).register_bundle(version)


def packed(folder: Path) -> Path:
    """Return the path of a bundle's zip."""
    return folder.with_name(f"{folder.name}.zip")
