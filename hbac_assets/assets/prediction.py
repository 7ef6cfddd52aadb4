"""What training and predicting share: the device, the images of a member, and the models of a grid."""

import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hbac_assets.artifacts import Artifact
from hbac_assets.assets.tables import read_table
from hbac_assets.errors import HbacError
from hbac_assets.files import has_digest
from hbac_assets.learning import device
from hbac_assets.lineage import Cell, Lineage, Split
from hbac_assets.resources.accelerator import Accelerator
from hbac_assets.resources.store import Store

if TYPE_CHECKING:
    from hbac_assets.learning.image_source import Images

MODELS = {"best": "best.keras", "last": "last.keras"}


def configure_device(accelerator: Accelerator, store: Store) -> None:
    """Set up this process' device; call while holding one."""
    device.configure(accelerator.chosen_device(), accelerator.chosen_precision(), store.compilation_cache)


def member_images(
    lineage: Lineage, member: str, rows: pd.DataFrame, log: logging.Logger, split: Split = "train"
) -> "Images":
    """Return the images of rows of a split as a member sees them, resident on the device or streamed; `log` says which.

    Raises:
        HbacError: an array of the store is missing or differs from its table.
    """
    from hbac_assets.learning.eeg_windows import EegArrays
    from hbac_assets.learning.image_source import open_images
    from hbac_assets.learning.inputs import StoredInputs, image_reader

    preprocessing = lineage.experiment.members[member].preprocessing
    eeg, folder = None, lineage.spectrogram_folder(split)
    if preprocessing.input != "eeg":
        require_unchanged(folder, lineage.spectrograms(split), rows["spectrogram_id"])
    if recipe := preprocessing.eeg:
        listed = lineage.eeg_spectrograms(recipe, split)
        eeg = EegArrays(lineage.eeg_folder(recipe, split), read_table(listed), recipe)
        require_unchanged(eeg.folder, listed, rows["eeg_id"])
    read = image_reader(rows, StoredInputs(folder, eeg), preprocessing)
    images = open_images(read, len(rows), preprocessing.image_size)
    log.info(f"{member}: {images.placement}")
    return images


def require_unchanged(folder: Path, listed: Artifact, ids: pd.Series) -> None:
    """Compare arrays of the store with the table that lists them.

    Args:
        folder: holds `<id>.npy`.
        listed: the table, whose first column is the id and one of whose others is `digest`.
        ids: which arrays.

    Raises:
        HbacError: names an array that is missing or has another SHA-256.
    """
    table = read_table(listed)
    digests = table.drop_duplicates(ids.name).set_index(ids.name)["digest"].reindex(ids.unique())

    def differs(array: tuple[object, str]) -> bool:
        return not has_digest(folder / f"{array[0]}.npy", array[1])

    with ThreadPoolExecutor() as pool:
        for one, wrong in zip(digests.index, pool.map(differs, digests.items()), strict=True):
            if wrong:
                raise HbacError(
                    f"{folder / f'{one}.npy'}: missing, or differs from {listed.path.name} (SHA-256): "
                    f"materialize {listed.asset} again"
                )


def predict_cell(lineage: Lineage, cell: Cell, images: "Images", log: logging.Logger) -> np.ndarray:
    """Return the probabilities (N, 6) that a cell's scored model gives to its member's images.

    Raises:
        HbacError: the model is missing, out of date or changed, or memory does not suffice.
    """
    from hbac_assets.learning.prediction import load_model, predict

    settings = lineage.experiment.members[cell.member]
    path = lineage.cell(cell).require() / MODELS[settings.scored_epoch]
    with device.enough_memory(f"{cell.member} fold {cell.fold}", settings.batch_size):
        probabilities = predict(load_model(path), images, settings.batch_size)
    log.info(f"{cell.member} fold {cell.fold}: {len(images)} rows predicted")
    return probabilities
