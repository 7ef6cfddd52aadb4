"""Common to training and prediction: the device, a member's images, and predictions of a cell's model."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hbac_assets.errors import HbacError
from hbac_assets.learning import device
from hbac_assets.lineage import Cell, Lineage, Split, StoredArrays
from hbac_assets.resources.accelerator import Accelerator
from hbac_assets.resources.store import Store
from hbac_assets.store.files import has_digest
from hbac_assets.store.tables import read_table

if TYPE_CHECKING:
    from hbac_assets.learning.image_source import Images


def configure_device(accelerator: Accelerator, store: Store) -> None:
    """Set up this process' device; the caller holds one."""
    device.configure(accelerator.chosen_device(), accelerator.chosen_precision(), store.compilation_cache)


def member_images(
    lineage: Lineage, member: str, rows: pd.DataFrame, log: logging.Logger, split: Split = "train"
) -> "Images":
    """Return a member's images of rows of a split, resident on the device or streamed; the log records which.

    Raises:
        HbacError: an array of the store is missing or differs from its table.
    """
    from hbac_assets.learning.image_source import open_images

    preprocessing = lineage.experiment.members[member].preprocessing
    read = member_reader(lineage, member, rows, split)
    images = open_images(read, len(rows), preprocessing.kind.shape(preprocessing))
    log.info(f"{member}: {images.placement}")
    return images


def member_reader(
    lineage: Lineage, member: str, rows: pd.DataFrame, split: Split = "train"
) -> Callable[[int], np.ndarray]:
    """Return a loader from row index to the member's input array; it uses no device.

    Raises:
        HbacError: an array of the store is missing or differs from its table.
    """
    from hbac_assets.learning.inputs.kind import Arrays

    stored = {
        arrays.source: Arrays(arrays.folder, require_unchanged(arrays, rows[arrays.id]))
        for arrays in lineage.member_inputs(member, split)
    }
    preprocessing = lineage.experiment.members[member].preprocessing
    return preprocessing.kind.reader(rows, stored, preprocessing)


def require_unchanged(arrays: StoredArrays, ids: pd.Series) -> pd.DataFrame:
    """Compare arrays of the store with the table that lists them, and return the table.

    Raises:
        HbacError: an array is missing or has another SHA-256.
    """
    table = read_table(arrays.table)
    digests = table.drop_duplicates(arrays.id).set_index(arrays.id)["digest"].reindex(ids.unique())

    def differs(array: tuple[object, str]) -> bool:
        return not has_digest(arrays.folder / f"{array[0]}.npy", array[1])

    with ThreadPoolExecutor() as pool:
        for one, wrong in zip(digests.index, pool.map(differs, digests.items()), strict=True):
            if wrong:
                raise HbacError(
                    f"{arrays.folder / f'{one}.npy'}: missing, or differs from {arrays.table.path.name} (SHA-256): "
                    f"materialize {arrays.table.asset} again"
                )
    return table


def predict_cell(lineage: Lineage, cell: Cell, images: "Images", log: logging.Logger) -> np.ndarray:
    """Return the probabilities (N, 6) of a cell's scored model for its member's images.

    With `test_time` they are the mean over the variants of each image. Raises as `predict_cell_variants`.
    """
    from hbac_assets.learning.test_time import mean_over_variants

    return mean_over_variants(predict_cell_variants(lineage, cell, images, log))


def predict_cell_variants(lineage: Lineage, cell: Cell, images: "Images", log: logging.Logger) -> np.ndarray:
    """Return the probabilities (N, variants, 6) of each variant of the images; the first variant is the image itself.

    Raises:
        HbacError: the model is missing, out of date or changed, or memory does not suffice.
    """
    from hbac_assets.learning.prediction import MODELS, load_model, predict_variants
    from hbac_assets.learning.test_time import variants

    settings = lineage.experiment.members[cell.member]
    path = lineage.cell(cell).require() / MODELS[settings.scored_epoch]
    varied = variants(settings.preprocessing, settings.test_time)
    with device.enough_memory(f"{cell.member} fold {cell.fold}", settings.batch_size):
        probabilities = predict_variants(load_model(path), images, settings.batch_size, varied)
    log.info(f"{cell.member} fold {cell.fold}: {len(images)} rows predicted")
    return probabilities
