"""Which rows are used and which fold holds each of them out."""

import numpy as np
import pandas as pd
from dagster import AssetExecutionContext, MaterializeResult, MetadataValue, asset

from hbac_assets.artifacts import Artifact
from hbac_assets.assets.competition import train_metadata
from hbac_assets.assets.eeg_spectrograms import eeg_spectrograms
from hbac_assets.assets.metadata import picture, preview
from hbac_assets.assets.spectrograms import npy_spectrograms
from hbac_assets.assets.step import OWNERS, step
from hbac_assets.assets.tables import kept_or_made, read_table
from hbac_assets.competition.faults import fault
from hbac_assets.competition.folds import assign_folds, sample_rows
from hbac_assets.competition.pictures import class_counts
from hbac_assets.experiments.schema import Experiment
from hbac_assets.lineage import CODE_VERSIONS, Lineage
from hbac_assets.resources.competition import CompetitionData
from hbac_assets.resources.experiment import ExperimentChoice
from hbac_assets.resources.store import Store
from hbac_assets.resources.views import lineage_of
from hbac_assets.signals.spectrogram_grid import SECONDS_PER_COLUMN

OFFSET = "spectrogram_label_offset_seconds"


@asset(
    deps=[train_metadata, npy_spectrograms, eeg_spectrograms],
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
    unreadable are left out; where members learn from the EEG, those whose EEG is, too.
    """
    lineage = lineage_of(competition, store, experiment)
    train = read_table(lineage.train_metadata)
    require_within(train, lineage)
    readable = readable_rows(train, lineage)
    usable = readable.all(axis=1)
    rows = kept_or_made(lineage.folds, lambda: fold_rows(train, usable, lineage.experiment), context.log)
    return MaterializeResult(
        metadata={
            "path": MetadataValue.path(lineage.folds.path),
            "rows": len(rows),
            **{f"rows left out, {what} unreadable": int((~is_so).sum()) for what, is_so in readable.items()},
            "patients": rows["patient_id"].nunique(),
            "folds": lineage.experiment.folds,
            "sampling": lineage.experiment.sampling,
            "classes by fold": picture(class_counts(rows)),
            "preview": preview(rows),
        }
    )


def require_within(train: pd.DataFrame, lineage: Lineage) -> None:
    """Refuse labels of minutes that their spectrogram does not have.

    Raises:
        HbacError: names the first row.
    """
    columns = read_table(lineage.spectrograms).set_index("spectrogram_id")["columns"]
    seconds = SECONDS_PER_COLUMN * train["spectrogram_id"].map(columns)  # NaN where the spectrogram is unreadable
    beyond = (train[OFFSET] >= seconds).to_numpy()
    if beyond.any():
        row = int(np.argmax(beyond))
        raise fault(
            lineage.dataset.folder / "train.csv",
            f"an offset within the {seconds[row]:.0f} s of spectrogram {train['spectrogram_id'][row]}",
            train[OFFSET][row],
            "correct the row or leave it out",
            row=row,
            column=OFFSET,
        )


def readable_rows(train: pd.DataFrame, lineage: Lineage) -> pd.DataFrame:
    """Return for each row whether its spectrogram could be read, and, if a member needs it, its EEG."""
    readable = pd.DataFrame({"spectrogram": train["spectrogram_id"].isin(_ids(lineage.spectrograms, "spectrogram_id"))})
    for recipe in lineage.eeg_recipes:
        by_recipe = train["eeg_id"].isin(_ids(lineage.eeg_spectrograms(recipe), "eeg_id"))
        readable["EEG"] = by_recipe & readable.get("EEG", True)
    return readable


def fold_rows(train: pd.DataFrame, usable: "pd.Series[bool]", experiment: Experiment) -> pd.DataFrame:
    """Return the rows that the experiment uses, with the column `fold`.

    What is unusable is left out at the end: so the other rows and their folds do not depend on it.

    Args:
        train: the enriched training table.
        usable: for each row, whether it can be used.
        experiment: its folds, sampling rule and limit of rows.
    """
    sampled = sample_rows(assign_folds(train, experiment.folds, experiment.fold_seed), experiment.sampling)
    rows = sampled[sampled["label_id"].isin(train["label_id"][usable])].reset_index(drop=True)
    if experiment.max_rows is None:
        return rows
    # In turn from each fold, so that none is left empty.
    turn = rows.groupby("fold").cumcount()
    chosen = rows.assign(turn=turn).sort_values(["turn", "fold"], kind="stable").head(experiment.max_rows)
    return chosen.sort_index().drop(columns="turn").reset_index(drop=True)


def _ids(table: Artifact, column: str) -> "pd.Series[int]":
    return read_table(table)[column]
