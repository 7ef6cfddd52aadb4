"""Spectrograms and waveforms made from the EEG, for the members that learn from them."""

import logging
from typing import Any

import numpy as np
import pandas as pd
from dagster import AssetExecutionContext, MaterializeResult, MetadataValue, ResourceParam

from hbac_assets.assets.competition import train_metadata
from hbac_assets.assets.metadata import picture, preview, stored_table, table
from hbac_assets.assets.set_aside import Tolerance, set_aside_metadata, write_set_aside
from hbac_assets.assets.step import Progress, data_version, stage
from hbac_assets.competition.eeg_windows import convert_eegs, numbered_windows
from hbac_assets.competition.folds import sample_rows
from hbac_assets.competition.pictures import eeg_spectrogram_image, waveform_image
from hbac_assets.competition.set_aside import files_set_aside, require_tolerable, together
from hbac_assets.errors import HbacError
from hbac_assets.lineage import CODE_VERSIONS, Lineage, Split
from hbac_assets.resources.views import Workspace
from hbac_assets.signals.eeg_arrays import Recipe
from hbac_assets.signals.eeg_recipe import EegRecipe
from hbac_assets.signals.montage import EEG_WINDOW
from hbac_assets.store.tables import read_table, write_if_changed

FOLDERS: dict[Split, str] = {"train": "train_eegs", "test": "test_eegs"}


@stage(
    deps=[train_metadata],
    group="data",
    page="docs/methods.md",
    kinds={"parquet", "numpy"},
)
def eeg_spectrograms(
    context: AssetExecutionContext,
    config: Tolerance,
    workspace: ResourceParam[Workspace],
) -> MaterializeResult:
    """Spectrograms or waveforms of the windows of each training EEG, by each recipe that a member uses.

    Spectrograms are float32 (windows, 4 × bands, columns), waveforms float16 (windows, 18 derivations, samples). The
    windows are the 50 s around the sampled labels. Arrays that are complete and up to date are kept. Unreadable files
    are set aside and listed; more than a set fraction of them ends the run after all others are converted. Empty if no
    member learns from the EEG. The test set is converted when its rows are predicted.
    """
    lineage = workspace.lineage()
    if not lineage.eeg_recipes:
        note = f"no member of {lineage.experiment.name} learns from the EEG: nothing to make"
        context.log.info(note)
        return MaterializeResult(data_version=data_version(), metadata={"note": note})
    require_folder(lineage)
    windows, unusable = labelled_windows(lineage), []
    with workspace.store.exclusive(lineage.dataset_folder, "eeg_spectrograms", context.log.info):
        for recipe in lineage.eeg_recipes:
            converted, set_aside = convert_windows(windows, lineage, recipe, "train", context.log)
            write_set_aside(set_aside, lineage.eeg_spectrograms(recipe), context.log)
            require_tolerable("eeg_spectrograms: files", set_aside, windows["eeg_id"].nunique(), config.tolerated_share)
            write_if_changed(converted, lineage.eeg_spectrograms(recipe))
            unusable.append(set_aside)
    made = map(lineage.eeg_spectrograms, lineage.eeg_recipes)
    every = together(unusable).drop_duplicates(ignore_index=True)
    return MaterializeResult(data_version=data_version(*made), metadata=_metadata(lineage, every))


def require_folder(lineage: Lineage) -> None:
    """Refuse data without EEG files if a member needs them.

    Raises:
        HbacError: names the folder, the members and the remedy.
    """
    experiment, path = lineage.experiment, lineage.dataset.folder / FOLDERS["train"]
    members = [name for name, member in experiment.members.items() if member.preprocessing.kind.recipes]
    if not path.is_dir():
        raise HbacError(
            f"{path}: expected a folder of EEG files, found none; {', '.join(members)} of {experiment.name} learn "
            "from the EEG: complete the download, leave them out, or set their preprocessing.input to kaggle"
        )


def labelled_windows(lineage: Lineage) -> pd.DataFrame:
    """Return the windows of the training set to convert, as `numbered_windows` does."""
    return numbered_windows(sample_rows(read_table(lineage.train_metadata), lineage.experiment.sampling))


def convert_windows(
    windows: pd.DataFrame,
    lineage: Lineage,
    recipe: Recipe,
    split: Split,
    log: logging.Logger,
    least_samples: int = EEG_WINDOW,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make the arrays of a recipe; return the windows with the outcome of each, and the files set aside."""
    source, folder = lineage.dataset.folder / FOLDERS[split], lineage.eeg_folder(recipe, split)
    version, progress = CODE_VERSIONS["eeg_spectrograms"], Progress(log, f"EEGs to {folder.name}")
    converted, failures = convert_eegs(windows, source, folder, recipe, version, least_samples, progress)
    made = windows.merge(converted.astype({"eeg_id": windows["eeg_id"].dtype}), on="eeg_id")
    missing = [of_one[position] for of_one, position in zip(made["missing"], made["position"], strict=True)]
    made["missing"] = pd.Series(missing, index=made.index, dtype="float64")
    return made, files_set_aside(failures["file"], "EEG unreadable", failures["reason"])


def _metadata(lineage: Lineage, set_aside: pd.DataFrame) -> dict[str, Any]:
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
    shown = next(iter(made.values()))
    metadata: dict[str, Any] = {
        "path": MetadataValue.path(lineage.eeg_folder(lineage.eeg_recipes[0]).parent),
        "recipes": table(pd.DataFrame(recipes)),
        **set_aside_metadata(set_aside),
        "preview": preview(shown),
        **stored_table(shown),
    }
    for recipe, windows in made.items():
        folder, first = lineage.eeg_folder(recipe), windows["eeg_id"].iloc[0]
        array = np.load(folder / f"{first}.npy", mmap_mode="r", allow_pickle=False)[0]
        metadata[f"example, {folder.name}"] = picture(
            _image(array, recipe, f"EEG {first} as {folder.name}"), "The first window, as stored."
        )
    return metadata


def _image(array: np.ndarray, recipe: Recipe, title: str) -> bytes:
    if isinstance(recipe, EegRecipe):
        return eeg_spectrogram_image(array, recipe, title)
    return waveform_image(array, recipe, title)
