"""Which rows are used and which fold holds each of them out."""

import pandas as pd
from dagster import AssetExecutionContext, MaterializeResult, MetadataValue, asset

from hbac_assets.assets.competition import train_metadata
from hbac_assets.assets.metadata import picture, preview
from hbac_assets.assets.spectrograms import npy_spectrograms
from hbac_assets.assets.step import OWNERS, step
from hbac_assets.assets.tables import kept_or_made, read_table
from hbac_assets.competition.folds import assign_folds, sample_rows
from hbac_assets.competition.pictures import class_counts
from hbac_assets.experiments.schema import Experiment
from hbac_assets.lineage import CODE_VERSIONS
from hbac_assets.resources.competition import CompetitionData
from hbac_assets.resources.experiment import ExperimentChoice
from hbac_assets.resources.store import Store
from hbac_assets.resources.views import lineage_of


@asset(
    deps=[train_metadata, npy_spectrograms],
    group_name="data",
    kinds={"scikitlearn", "parquet"},
    owners=OWNERS,
    code_version=CODE_VERSIONS["fold_assignments"],
)
@step
def fold_assignments(
    context: AssetExecutionContext, competition: CompetitionData, store: Store, experiment: ExperimentChoice
) -> MaterializeResult:
    """The sampled rows with their folds: stratified by consensus, all rows of a patient in one fold.

    Folds are assigned on all rows, then rows are sampled by the experiment's rule. Rows whose spectrogram is
    unreadable are left out.
    """
    lineage = lineage_of(competition, store, experiment)
    train = read_table(lineage.train_metadata)
    readable = read_table(lineage.spectrograms)["spectrogram_id"]
    usable = train[train["spectrogram_id"].isin(readable)]
    rows = kept_or_made(lineage.folds, lambda: fold_rows(usable, lineage.experiment), context.log)
    return MaterializeResult(
        metadata={
            "path": MetadataValue.path(lineage.folds.path),
            "rows": len(rows),
            "rows left out, spectrogram unreadable": len(train) - len(usable),
            "patients": rows["patient_id"].nunique(),
            "folds": lineage.experiment.folds,
            "sampling": lineage.experiment.sampling,
            "classes by fold": picture(class_counts(rows)),
            "preview": preview(rows),
        }
    )


def fold_rows(train: pd.DataFrame, experiment: Experiment) -> pd.DataFrame:
    """Return the rows that the experiment uses, with the column `fold`.

    Args:
        train: the enriched training table.
        experiment: its folds, sampling rule and limit of rows.
    """
    rows = sample_rows(assign_folds(train, experiment.folds, experiment.fold_seed), experiment.sampling)
    if experiment.max_rows is None:
        return rows
    # In turn from each fold, so that none is left empty.
    turn = rows.groupby("fold").cumcount()
    chosen = rows.assign(turn=turn).sort_values(["turn", "fold"], kind="stable").head(experiment.max_rows)
    return chosen.sort_index().drop(columns="turn").reset_index(drop=True)
