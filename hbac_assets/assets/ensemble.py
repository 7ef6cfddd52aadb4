"""The experiment's ensembles: members blended out of fold."""

import logging
import shutil

import numpy as np
import pandas as pd
from dagster import AssetExecutionContext, MaterializeResult, MetadataValue, ResourceParam

from hbac_assets.assets.galleries import drawn_once, worst_gallery
from hbac_assets.assets.metadata import picture, plotted, preview, stored_table, table
from hbac_assets.assets.mlflow_runs import open_runs, supersede_ensembles, tracked_ensemble
from hbac_assets.assets.oof_predictions import oof_predictions
from hbac_assets.assets.published import published_here
from hbac_assets.assets.scores import log_scores, score_metadata
from hbac_assets.assets.step import Progress, data_version, stage
from hbac_assets.competition.metadata import SHARE_COLUMNS
from hbac_assets.experiments.ensembles import BEST, Ensemble
from hbac_assets.labels import PROBABILITY_COLUMNS
from hbac_assets.learning import device
from hbac_assets.lineage import Lineage
from hbac_assets.report.experiment import OFFSETS
from hbac_assets.resources.tracking import ExperimentRuns, Tracking
from hbac_assets.resources.views import Workspace
from hbac_assets.results.ensembles import (
    METHODS,
    ROWS,
    chosen_methods,
    ensemble_rows,
    method_labels,
    methods_table,
)
from hbac_assets.results.scores import evaluation, overall_kl, score_facts
from hbac_assets.scoring.blend_files import load_weights, save_blend
from hbac_assets.scoring.blends import StoredBlend
from hbac_assets.scoring.nested import NestedBlends, NestedResult, Recipe
from hbac_assets.scoring.oof_rows import oof_rows
from hbac_assets.scoring.pictures import blend_weights, grouped_scores
from hbac_assets.scoring.slices import score
from hbac_assets.store.files import atomic_write
from hbac_assets.store.tables import read_table

METHODS_SENTENCE = (
    "Each blending method, scored on folds that it was not fitted on, with 95 % intervals over patients; the "
    "submission uses the blue one."
)
WEIGHTS_SENTENCE = "The weight of each member; a redundant member has little."


@stage(
    deps=[oof_predictions],
    group="results",
    page="docs/methods.md",
    kinds={"keras", "jax", "mlflow", "parquet"},
)
def ensemble(
    context: AssetExecutionContext,
    workspace: ResourceParam[Workspace],
    tracking: Tracking,
) -> MaterializeResult:
    """Members blended by a mean, learned weights or a stacking network, all scored side by side.

    Nested: the blend and calibration of a fold are fitted and chosen on the other folds, so that nothing is scored on
    rows that it has seen. Those of the submission are fitted on all out-of-fold rows.
    """
    lineage = workspace.lineage()
    artifact = lineage.ensemble
    with workspace.store.exclusive(lineage.experiment_folder, "ensemble", context.log.info):
        if artifact.is_current():
            context.log.info("up to date, kept")
        else:
            # Networks of a few thousand weights: a GPU would only add latency.
            device.configure("cpu", "float32", workspace.store.compilation_cache)
            make_ensembles(lineage, context.log)
    overall, methods, weights = overall_kl(artifact), methods_table(lineage), _weight_pictures(lineage)
    kl = {name: overall[name] for name in lineage.experiment.ensembles}
    runs = open_runs(context, tracking, lineage)
    supersede_ensembles(runs, lineage)
    for name in lineage.experiment.ensembles:
        _track(runs, lineage, name, methods[methods["ensemble"] == name], weights.get(name))
    submitted, version = lineage.experiment.submitted, data_version(artifact)
    predicted, name = ensemble_rows(lineage, submitted), f"worst rows, {submitted}, with their EEG"
    placed = predicted.merge(read_table(lineage.folds)[OFFSETS], on="label_id", validate="one_to_one")
    rows = pd.read_parquet(artifact.path / ROWS)
    return MaterializeResult(
        data_version=version,
        metadata={
            "submitted": f"{submitted}, blended by {chosen_methods(lineage)[submitted]}",
            **score_metadata(lineage, artifact, submitted, predicted),
            name: drawn_once(context, name, version, lambda: worst_gallery(lineage, placed, submitted)),
            **plotted(lineage, kl),
            **published_here(lineage.experiment, kl, synthetic=workspace.competition.is_synthetic),
            **_without_context(methods),
            "methods": table(methods),
            "methods, drawn": picture(_methods_picture(methods), METHODS_SENTENCE),
            **{f"weights, {name}": picture(drawn, WEIGHTS_SENTENCE) for name, drawn in weights.items()},
            "preview": preview(rows),
            "path": MetadataValue.path(artifact.path),
            **stored_table(rows, columns_first=False),
        },
    )


def make_ensembles(lineage: Lineage, log: logging.Logger) -> None:
    """Compare the blending methods of each ensemble, and write the chosen blend with its nested predictions."""
    oof = {member: rows.reset_index(drop=True) for member, rows in read_table(lineage.oof).groupby("member")}
    artifact, ensembles = lineage.ensemble, lineage.experiment.ensembles
    artifact.unseal()
    shutil.rmtree(artifact.path, ignore_errors=True)  # also those of ensembles that no longer exist
    blended, methods, progress = [], [], Progress(log, "ensembles")
    for number, (name, definition) in enumerate(ensembles.items(), start=1):
        rows = oof[definition.members[0]]
        blends = _nested_blends([oof[member] for member in definition.members])
        results = blends.compare(definition.compared)
        chosen = blends.choose({recipe: results[recipe] for recipe in definition.candidates})
        context = blends.with_patient_context(chosen, rows["eeg_id"].to_numpy()) if definition.patient_context else None
        stored = StoredBlend(list(definition.members), chosen.blend, context and context.context)
        save_blend(stored, lineage.blend_folder(name))
        blended.append(oof_rows(rows, name, (context or chosen).predictions))
        scored = _compared_rows(definition, results, chosen)
        if context:
            scored.append(scored[-1] | {"chosen": False, "patient_context": True, "predictions": context.predictions})
        methods += [_scored(rows, name, one) for one in scored]
        lowest = min(results, key=lambda recipe: results[recipe].kl)
        log.info(f"{name}: {chosen.recipe}, nested KL {(context or chosen).kl:.4f}; the lowest has {lowest}")
        progress(number, len(ensembles))
    together = pd.concat(blended, ignore_index=True)
    with atomic_write(artifact.path / ROWS) as temporary:
        together.to_parquet(temporary, index=False)
    with atomic_write(artifact.path / METHODS) as temporary:
        pd.DataFrame(methods).to_csv(temporary, index=False)
    artifact.seal(**score_facts(pd.concat([together, *oof.values()])))


def _nested_blends(members: list[pd.DataFrame]) -> NestedBlends:
    rows = members[0]
    predictions = np.stack([member[list(PROBABILITY_COLUMNS)].to_numpy() for member in members])
    shares, patients, folds = rows[list(SHARE_COLUMNS)], rows["patient_id"], rows["fold"]
    return NestedBlends(predictions, shares.to_numpy(), patients.to_numpy(), folds.to_numpy())


def _compared_rows(
    definition: Ensemble, results: dict[Recipe, NestedResult], chosen: NestedResult
) -> list[dict[str, object]]:
    """Return the entries of the table of methods with their predictions; the ensemble's own come last."""
    rows: list[dict[str, object]] = [
        {**recipe._asdict(), "chosen": recipe == chosen.recipe, "predictions": result.predictions}
        for recipe, result in results.items()
    ]
    own = Recipe(definition.method, definition.calibration)
    if BEST in own:
        rows.append({**own._asdict(), "chosen": False, "predictions": chosen.predictions})
    else:
        rows.sort(key=lambda row: bool(row["chosen"]))
    return [{"patient_context": False, **row} for row in rows]


def _scored(rows: pd.DataFrame, ensemble: str, blended: dict[str, object]) -> dict[str, object]:
    predictions = np.asarray(blended["predictions"])
    named = {name: blended[name] for name in ("method", "calibration", "patient_context", "chosen")}
    return {"ensemble": ensemble, **named, **score(oof_rows(rows, ensemble, predictions))}


def _without_context(methods: pd.DataFrame) -> dict[str, float]:
    """Return the scores without the patient's other recordings of the ensembles that use them."""
    used = np.flatnonzero(methods["patient_context"])
    before = methods.iloc[used - 1]
    named = [f"nested KL without the patient's other recordings, {ensemble}" for ensemble in before["ensemble"]]
    return dict(zip(named, before["mean"].tolist(), strict=True))


def _track(runs: ExperimentRuns, lineage: Lineage, name: str, methods: pd.DataFrame, weights: bytes | None) -> None:
    tracked = tracked_ensemble(runs, lineage, name, chosen_methods(lineage)[name])
    names = [f"nested_kl_{label.replace(' + ', '_').replace(' ', '_')}" for label in method_labels(methods)]
    nested = dict(zip(names, methods["mean"], strict=True))
    log_scores(tracked, evaluation(lineage.ensemble), name, ensemble_rows(lineage, name))
    tracked.log_metrics(nested)
    tracked.log_table(methods, METHODS)
    tracked.log_picture(_methods_picture(methods), "methods.png", METHODS_SENTENCE)
    if weights:
        tracked.log_picture(weights, "weights.png", WEIGHTS_SENTENCE)
    tracked.finish()


def _methods_picture(methods: pd.DataFrame) -> bytes:
    named = methods.assign(blend=method_labels(methods))
    return grouped_scores(named, "ensemble", "blend", "nested KL divergence by method (blue and filled: chosen)")


def _weight_pictures(lineage: Lineage) -> dict[str, bytes]:
    stored = {name: load_weights(lineage.blend_folder(name)) for name in lineage.experiment.ensembles}
    return {
        name: blend_weights(pd.DataFrame(weights.items(), columns=["member", "weight"]))
        for name, weights in stored.items()
        if weights
    }
