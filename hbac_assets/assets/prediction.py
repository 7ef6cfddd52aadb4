"""What training and predicting share: the device, the images of a member, and the models of a grid."""

import logging
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hbac_assets.assets.tables import read_table
from hbac_assets.lineage import Cell, Lineage
from hbac_assets.resources.accelerator import Accelerator
from hbac_assets.resources.store import Store

if TYPE_CHECKING:
    from hbac_assets.learning.feeding import Images

MODELS = {"best": "best.keras", "last": "last.keras"}


def configure_device(accelerator: Accelerator, store: Store) -> None:
    """Set up this process' device; call while holding one."""
    from hbac_assets.learning import device

    device.configure(accelerator.chosen_device(), accelerator.chosen_precision(), store.compilation_cache)


def member_images(lineage: Lineage, member: str, rows: pd.DataFrame, log: logging.Logger) -> "Images":
    """Return the images of `rows` as a member sees them, resident on the device or streamed; `log` says which.

    Raises:
        HbacError: an array of the store is missing or is not what it should be.
    """
    from hbac_assets.learning.eeg_windows import EegArrays
    from hbac_assets.learning.feeding import open_images
    from hbac_assets.learning.inputs import StoredInputs, image_reader

    preprocessing = lineage.experiment.members[member].preprocessing
    eeg = None
    if recipe := preprocessing.eeg:
        eeg = EegArrays(lineage.eeg_folder(recipe), read_table(lineage.eeg_spectrograms(recipe)), recipe)
    read = image_reader(rows, StoredInputs(lineage.spectrogram_folder, eeg), preprocessing)
    images = open_images(read, len(rows), preprocessing.image_size)
    log.info(f"{member}: {images.placement}")
    return images


def predict_cell(lineage: Lineage, cell: Cell, images: "Images", log: logging.Logger) -> np.ndarray:
    """Return the probabilities (N, 6) that a cell's scored model gives to its member's images.

    Raises:
        HbacError: the model is missing, out of date or changed.
    """
    from hbac_assets.learning.prediction import load_model, predict

    settings = lineage.experiment.members[cell.member]
    path = lineage.cell(cell).require() / MODELS[settings.scored_epoch]
    probabilities = predict(load_model(path), images, settings.batch_size)
    log.info(f"{cell.member} fold {cell.fold}: {len(images)} rows predicted")
    return probabilities
