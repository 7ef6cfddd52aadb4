"""How members are blended, learned out of fold: the experiment's ensembles."""

import logging
import shutil

import numpy as np
import pandas as pd
from dagster import AssetExecutionContext, MaterializeResult, MetadataValue, ResourceParam

from hbac_assets.assets.metadata import picture, preview, table
from hbac_assets.assets.mlflow_runs import open_runs, supersede_ensembles, tracked_ensemble
from hbac_assets.assets.oof_predictions import oof_predictions
from hbac_assets.assets.oof_rows import oof_rows
from hbac_assets.assets.published import published_here
from hbac_assets.assets.scores import overall_kl, score_facts, score_metadata
from hbac_assets.assets.step import Progress, data_version, stage
from hbac_assets.competition.metadata import SHARE_COLUMNS
from hbac_assets.experiments.ensembles import BEST
from hbac_assets.labels import PROBABILITY_COLUMNS
from hbac_assets.learning import device
from hbac_assets.lineage import Lineage
from hbac_assets.resources.tracking import ExperimentRuns, Tracking
from hbac_assets.resources.views import Workspace
from hbac_assets.scoring.blend_files import StoredBlend, load_weights, save_blend
from hbac_assets.scoring.blending import Trial, best, compare
from hbac_assets.scoring.pictures import blend_weights, grouped_scores
from hbac_assets.scoring.slices import score
from hbac_assets.store.files import atomic_write
from hbac_assets.store.tables import read_table

ROWS, METHODS = "oof.parquet", "methods.csv"


@stage(deps=[oof_predictions], group="evaluation", kinds={"keras", "jax", "mlflow", "parquet"})
def ensemble(
    context: AssetExecutionContext,
    workspace: ResourceParam[Workspace],
    tracking: Tracking,
) -> MaterializeResult:
    """The ensembles: members blended by plain mean, learned weights or a stacking network, all scored side by side.

    Nested: what blends a fold's rows is learned on the other folds, so that no method is scored on rows that it has
    seen. What the submission uses is learned on all out-of-fold rows.
    """
    lineage = workspace.lineage()
    artifact = lineage.ensemble
    with workspace.store.exclusive(lineage.experiment_folder, "ensemble", context.log.info):
        if artifact.is_current():
            context.log.info("up to date, kept")
        else:
            # Networks of a few thousand weights: a GPU would only wait for them.
            device.configure("cpu", "float32", workspace.store.compilation_cache)
            make_ensembles(lineage, context.log)
    kl, methods, weights = overall_kl(artifact), methods_table(lineage), _weight_pictures(lineage)
    runs = open_runs(context, tracking, lineage)
    supersede_ensembles(runs, lineage)
    for name in lineage.experiment.ensembles:
        _track(runs, lineage, name, kl[name], methods[methods["ensemble"] == name], weights.get(name))
    return MaterializeResult(
        data_version=data_version(artifact),
        metadata={
            "path": MetadataValue.path(artifact.path),
            "submitted": lineage.experiment.submitted,
            **{f"nested KL, {name}": nested for name, nested in kl.items()},
            **published_here(lineage.experiment, kl, synthetic=workspace.competition.is_synthetic),
            "methods": table(methods),
            "methods, drawn": picture(_methods_picture(methods)),
            **{f"weights, {name}": picture(drawn) for name, drawn in weights.items()},
            **score_metadata(artifact),
            "preview": preview(pd.read_parquet(artifact.path / ROWS)),
        },
    )


def make_ensembles(lineage: Lineage, log: logging.Logger) -> None:
    """Compare the ways of blending for each ensemble, and write what is chosen with its nested predictions."""
    oof = {member: rows.reset_index(drop=True) for member, rows in read_table(lineage.oof).groupby("member")}
    artifact, ensembles = lineage.ensemble, lineage.experiment.ensembles
    artifact.unseal()
    shutil.rmtree(artifact.path, ignore_errors=True)  # of ensembles that are no longer there, too
    blended, methods, progress = [], [], Progress(log, "ensembles")
    for number, (name, definition) in enumerate(ensembles.items(), start=1):
        rows = oof[definition.members[0]]
        trials = _compare_methods([oof[member] for member in definition.members])
        chosen = best(trials) if definition.method == BEST else definition.method
        save_blend(StoredBlend(list(definition.members), trials[chosen].blend), lineage.blend_folder(name))
        blended.append(oof_rows(rows, name, trials[chosen].predictions))
        methods += _method_rows(rows, name, chosen, trials)
        log.info(f"{name}: {chosen}, nested KL {trials[chosen].kl:.4f}; the lowest has {best(trials)}")
        progress(number, len(ensembles))
    together = pd.concat(blended, ignore_index=True)
    with atomic_write(artifact.path / ROWS) as temporary:
        together.to_parquet(temporary, index=False)
    with atomic_write(artifact.path / METHODS) as temporary:
        pd.DataFrame(methods).to_csv(temporary, index=False)
    artifact.seal(**score_facts(together))


def methods_table(lineage: Lineage) -> pd.DataFrame:
    """Return ensemble, method, chosen, rows, patients, and the nested KL as mean, low and high."""
    return pd.read_csv(lineage.ensemble.path / METHODS)


def chosen_methods(lineage: Lineage) -> dict[str, str]:
    """Return the method that each ensemble is blended by."""
    methods = methods_table(lineage)
    return dict(methods.loc[methods["chosen"], ["ensemble", "method"]].itertuples(index=False))


def _compare_methods(members: list[pd.DataFrame]) -> dict[str, Trial]:
    rows = members[0]
    predictions = np.stack([member[list(PROBABILITY_COLUMNS)].to_numpy() for member in members])
    shares, patients, folds = rows[list(SHARE_COLUMNS)], rows["patient_id"], rows["fold"]
    return compare(predictions, shares.to_numpy(), patients.to_numpy(), folds.to_numpy())


def _method_rows(rows: pd.DataFrame, ensemble: str, chosen: str, trials: dict[str, Trial]) -> list[dict[str, object]]:
    return [
        {
            "ensemble": ensemble,
            "method": method,
            "chosen": method == chosen,
            **score(oof_rows(rows, ensemble, trial.predictions)),
        }
        for method, trial in trials.items()
    ]


def _track(
    runs: ExperimentRuns, lineage: Lineage, name: str, kl: float, methods: pd.DataFrame, weights: bytes | None
) -> None:
    tracked = tracked_ensemble(runs, lineage, name, methods.loc[methods["chosen"], "method"].item())
    nested = {f"nested_kl_{method}": mean for method, mean in zip(methods["method"], methods["mean"], strict=True)}
    tracked.log_metrics({"oof_kl": kl, **nested})
    tracked.log_table(methods, METHODS)
    tracked.log_picture(_methods_picture(methods), "methods.png")
    if weights:
        tracked.log_picture(weights, "weights.png")
    tracked.finish()


def _methods_picture(methods: pd.DataFrame) -> bytes:
    return grouped_scores(methods, "ensemble", "method", "nested KL divergence by method (blue: chosen)")


def _weight_pictures(lineage: Lineage) -> dict[str, bytes]:
    stored = {name: load_weights(lineage.blend_folder(name)) for name in lineage.experiment.ensembles}
    return {
        name: blend_weights(pd.DataFrame(weights.items(), columns=["member", "weight"]))
        for name, weights in stored.items()
        if weights
    }
