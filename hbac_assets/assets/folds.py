"""The sampled rows and their folds."""

import pandas as pd
from dagster import AssetExecutionContext, MaterializeResult, MetadataValue, ResourceParam

from hbac_assets.assets.competition import recorded_train, train_metadata
from hbac_assets.assets.eeg_spectrograms import eeg_spectrograms
from hbac_assets.assets.metadata import counts, picture, preview, stored_table
from hbac_assets.assets.set_aside import Tolerance, set_aside_metadata, write_set_aside
from hbac_assets.assets.spectrograms import npy_spectrograms
from hbac_assets.assets.step import data_version, stage
from hbac_assets.competition.folds import assign_folds, limited, sample_rows
from hbac_assets.competition.pictures import class_counts, vote_distributions
from hbac_assets.competition.set_aside import require_tolerable, rows_set_aside, together
from hbac_assets.competition.usable import HALF, eeg_windows, spectrogram_windows, worst
from hbac_assets.experiments.schema import Experiment
from hbac_assets.lineage import Lineage
from hbac_assets.resources.views import Workspace
from hbac_assets.results.set_aside import read_set_aside
from hbac_assets.store.tables import read_table, write_table


@stage(
    deps=[train_metadata, npy_spectrograms, eeg_spectrograms],
    group="data",
    page="docs/methods.md",
    kinds={"scikitlearn", "parquet"},
)
def fold_assignments(
    context: AssetExecutionContext,
    config: Tolerance,
    workspace: ResourceParam[Workspace],
) -> MaterializeResult:
    """The sampled rows with their folds: stratified by consensus, all rows of a patient in one fold.

    Folds are assigned on all rows, then rows are sampled by the experiment's rule. Rows without usable spectrogram or,
    if members learn from the EEG, without usable EEG in the labelled window are set aside and listed; more than a set
    fraction of them ends the run.
    """
    lineage = workspace.lineage()
    if lineage.folds.is_current():
        context.log.info(f"{lineage.folds.path.name} is up to date, kept")
    else:
        sampled = sampled_rows(read_table(lineage.train_metadata), lineage.experiment)
        windows = window_states(sampled, lineage)
        unusable = set_aside_rows(sampled, windows["reason"], lineage)
        write_set_aside(unusable, lineage.folds, context.log)
        require_tolerable("fold_assignments: rows", unusable, len(sampled), config.tolerated_share)
        usable = windows["reason"] == ""
        half_missing = int((usable & (windows["missing"] >= HALF)).sum())
        rows = limited(sampled[usable].reset_index(drop=True), lineage.experiment.max_rows)
        write_table(rows, lineage.folds, half_missing=half_missing)
    rows = read_table(lineage.folds)
    return MaterializeResult(
        data_version=data_version(lineage.folds),
        metadata={
            "experiment": lineage.experiment.name,
            "sampling": lineage.experiment.sampling,
            **counts({"patients": rows["patient_id"].nunique(), "folds": lineage.experiment.folds}),
            "votes before and after sampling": picture(
                vote_distributions(read_table(lineage.train_metadata), rows),
                "The effect of sampling on the classes and on the number of votes per row: models are trained and "
                "scored on the sampled rows.",
            ),
            "classes by fold": picture(
                class_counts(rows), "Folds should have the same classes; small or uneven data make this hard."
            ),
            **set_aside_metadata(read_set_aside(lineage.folds)),
            **counts({"rows with half of a window missing": int(lineage.folds.facts()["half_missing"])}),
            "preview": preview(rows),
            "path": MetadataValue.path(lineage.folds.path),
            **stored_table(rows, columns_first=False),
        },
    )


def sampled_rows(train: pd.DataFrame, experiment: Experiment) -> pd.DataFrame:
    """Return the rows that the experiment's rule picks, with the column `fold`.

    Folds are assigned on all rows, so that they do not depend on the rows set aside later.
    """
    return sample_rows(assign_folds(train, experiment.folds, experiment.fold_seed), experiment.sampling)


def window_states(rows: pd.DataFrame, lineage: Lineage) -> pd.DataFrame:
    """Return, for each row, the first `reason` why a member cannot use it, and the largest fraction `missing`."""
    eeg = [eeg_windows(rows, read_table(lineage.eeg_spectrograms(recipe))) for recipe in lineage.eeg_recipes]
    return worst([spectrogram_windows(rows, read_table(lineage.spectrograms())), *eeg])


def set_aside_rows(rows: pd.DataFrame, reasons: "pd.Series[str]", lineage: Lineage) -> pd.DataFrame:
    """Return the list of the rows with a reason to be set aside, by their places in train.csv."""
    unusable = rows.assign(reason=reasons)[reasons != ""]
    if unusable.empty:
        return together([])
    path, in_file = lineage.dataset.folder / "train.csv", recorded_train(lineage).rows["label_id"]
    places = pd.Series(in_file.index, index=in_file)[unusable["label_id"]]
    parts = []
    for reason, group in unusable.assign(place=places.to_numpy()).groupby("reason"):
        details = [
            f"{path}, row {row.place}: {reason} (spectrogram {row.spectrogram_id} from "
            f"{row.spectrogram_label_offset_seconds} s, EEG {row.eeg_id} from {row.eeg_label_offset_seconds} s)"
            for row in group.itertuples()
        ]
        parts.append(rows_set_aside(path, group["place"].tolist(), str(reason), details))
    return together(parts)
