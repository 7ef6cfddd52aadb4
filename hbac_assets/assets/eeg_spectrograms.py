"""Spectrograms made from the EEG, for the members that learn from them."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from dagster import AssetExecutionContext, MaterializeResult, MetadataValue, asset

from hbac_assets.assets.competition import competition_data, train_metadata
from hbac_assets.assets.conversion import ConversionConfig, log_left_out, refuse_too_many
from hbac_assets.assets.metadata import picture, preview, table
from hbac_assets.assets.step import OWNERS, Progress, step
from hbac_assets.assets.tables import read_table, write_if_changed
from hbac_assets.competition.arrays import EegFacts, convert_eeg
from hbac_assets.competition.conversion import Converter, convert_all
from hbac_assets.competition.folds import sample_rows
from hbac_assets.competition.pictures import eeg_spectrogram_image
from hbac_assets.competition.tables import read_test
from hbac_assets.errors import HbacError
from hbac_assets.lineage import CODE_VERSIONS, Lineage
from hbac_assets.resources.competition import CompetitionData
from hbac_assets.resources.experiment import ExperimentChoice
from hbac_assets.resources.store import Store
from hbac_assets.resources.views import lineage_of
from hbac_assets.signals.eeg_recipe import EegRecipe

FOLDERS = {"train": "train_eegs", "test": "test_eegs"}


@asset(
    deps=[competition_data, train_metadata],
    group_name="data",
    kinds={"parquet", "numpy"},
    owners=OWNERS,
    code_version=CODE_VERSIONS["eeg_spectrograms"],
)
@step
def eeg_spectrograms(
    context: AssetExecutionContext,
    config: ConversionConfig,
    competition: CompetitionData,
    store: Store,
    experiment: ExperimentChoice,
) -> MaterializeResult:
    """One float32 array (windows, 4 × bands, columns) for each EEG and recipe that a member of the experiment names.

    An EEG's windows are the 50 s of its sampled labels; a test EEG is one. Arrays that are whole and up to date are
    kept. Unreadable files are listed; a few are left out of the folds, more than a set share, or one of the test set,
    fail the asset once all others are converted. Nothing is made where no member learns from the EEG.
    """
    lineage = lineage_of(competition, store, experiment)
    if not lineage.eeg_recipes:
        note = f"no member of {lineage.experiment.name} learns from the EEG: nothing to make"
        context.log.info(note)
        return MaterializeResult(metadata={"recipes": 0, "note": note})
    require_folders(lineage)
    windows = labelled_windows(lineage)
    with store.alone(lineage.dataset_folder, "eeg_spectrograms", context.log.info):
        conversions = {recipe: convert_windows(windows, lineage, recipe, context.log) for recipe in lineage.eeg_recipes}
        for recipe, (made, failures) in conversions.items():
            refuse_failures(failures, windows, config.tolerated_failures)
            write_if_changed(windows.drop(columns="split").merge(made, on="eeg_id"), lineage.eeg_spectrograms(recipe))
    failures = pd.concat([failures for _, failures in conversions.values()]).drop_duplicates("eeg_id")
    return MaterializeResult(metadata=_metadata(lineage, failures))


def require_folders(lineage: Lineage) -> None:
    """Refuse data without EEG files, on behalf of the members that need them.

    Raises:
        HbacError: names the folder, the members and what to do.
    """
    experiment = lineage.experiment
    members = [name for name, member in experiment.members.items() if member.preprocessing.eeg]
    for folder in FOLDERS.values():
        path = lineage.dataset.folder / folder
        if not path.is_dir():
            raise HbacError(
                f"{path}: expected a folder of EEG files, found none; {', '.join(members)} of {experiment.name} "
                "have preprocessing.input eeg or both: complete the download or set it to kaggle"
            )


def labelled_windows(lineage: Lineage) -> pd.DataFrame:
    """Return the windows to make spectrograms of: split, eeg_id, offset_seconds, position in the EEG's array."""
    rows = sample_rows(read_table(lineage.train_metadata), lineage.experiment.sampling)
    train = rows[["eeg_id", "eeg_label_offset_seconds"]].set_axis(["eeg_id", "offset_seconds"], axis=1)
    test = read_test(lineage.dataset.folder / "test.csv")[["eeg_id"]].assign(offset_seconds=0)
    windows = pd.concat([train.assign(split="train"), test.assign(split="test")]).drop_duplicates()
    windows = windows.sort_values(["eeg_id", "offset_seconds"], ignore_index=True)
    return windows.assign(position=windows.groupby("eeg_id").cumcount())


def convert_windows(
    windows: pd.DataFrame, lineage: Lineage, recipe: EegRecipe, log: logging.Logger
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make the arrays of a recipe and return what `convert_all` does: conversions and failures."""
    offsets = windows.groupby("eeg_id")["offset_seconds"].agg(list)
    eegs = windows[["split", "eeg_id"]].drop_duplicates()
    folder = lineage.eeg_folder(recipe)

    def convert(source: Path, target: Path) -> EegFacts:
        return convert_eeg(source, target, recipe, offsets[int(source.stem)])

    converter = Converter("eeg_id", EegFacts, convert, CODE_VERSIONS["eeg_spectrograms"])
    sources = [lineage.dataset.folder / FOLDERS[split] / f"{eeg_id}.parquet" for split, eeg_id in eegs.to_numpy()]
    progress = Progress(log, f"EEGs to {folder.name}")
    converted, failures = convert_all(sources, folder, converter, progress=progress)
    log_left_out(failures, log)
    return converted, failures


def refuse_failures(failures: pd.DataFrame, windows: pd.DataFrame, tolerated: float) -> None:
    """Fail if too many EEGs are unreadable, or one of the test set, without which there is no submission.

    Raises:
        HbacError: with the first reason.
    """
    test = failures[failures["eeg_id"].isin(windows["eeg_id"][windows["split"] == "test"])]
    if len(test):
        raise HbacError(f"eeg_spectrograms: no submission without the test set: {test['reason'].iloc[0]}")
    refuse_too_many("eeg_spectrograms", failures, windows["eeg_id"].nunique(), tolerated)


def _metadata(lineage: Lineage, failures: pd.DataFrame) -> dict[str, Any]:
    made = {recipe: pd.read_parquet(lineage.eeg_spectrograms(recipe).path) for recipe in lineage.eeg_recipes}
    recipes = [
        {
            "folder": lineage.eeg_folder(recipe).name,
            **{name: str(value) for name, value in recipe.model_dump().items()},
            "EEGs": windows["eeg_id"].nunique(),
            "windows": len(windows),
        }
        for recipe, windows in made.items()
    ]
    metadata: dict[str, Any] = {
        "path": MetadataValue.path(lineage.eeg_folder(lineage.eeg_recipes[0]).parent),
        "recipes": table(pd.DataFrame(recipes)),
        "unreadable files": len(failures),
        "preview": preview(next(iter(made.values()))),
    }
    if len(failures):
        metadata["left out"] = table(failures)
    for recipe, windows in made.items():
        folder, first = lineage.eeg_folder(recipe), int(windows["eeg_id"].iloc[0])
        spectrogram = np.load(folder / f"{first}.npy", mmap_mode="r", allow_pickle=False)[0]
        image = eeg_spectrogram_image(spectrogram, recipe, title=f"EEG {first} as {folder.name}")
        metadata[f"example, {folder.name}"] = picture(image)
    return metadata
