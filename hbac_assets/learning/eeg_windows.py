"""From the stored spectrograms of the EEG to the images of labelled windows.

How the spectrograms are made belongs to `hbac_assets.signals`; what is done to Kaggle's, to `windows`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from hbac_assets.errors import HbacError
from hbac_assets.signals.averaging import image_averaging
from hbac_assets.signals.eeg_recipe import EegRecipe
from hbac_assets.signals.montage import CHAINS
from hbac_assets.store.arrays import open_array

ASSET = "eeg_spectrograms"


@dataclass(frozen=True)
class EegArrays:
    """The spectrograms that one recipe makes.

    Attributes:
        folder: holds `<eeg_id>.npy`, float32 (windows, 4 × bands, columns).
        windows: eeg_id, offset_seconds and position of each window in its EEG's array.
        recipe: what made them.
    """

    folder: Path
    windows: pd.DataFrame
    recipe: EegRecipe


def eeg_window_reader(
    rows: pd.DataFrame, arrays: EegArrays, image_size: tuple[int, int]
) -> Callable[[int], np.ndarray]:
    """Return a function from the number of a row to its image, float32 (H, W), frequency first, from -1 to 1.

    Several threads may call it at once.

    Args:
        rows: with `eeg_id` and `eeg_label_offset_seconds`, where the labelled 50 s start.
        arrays: the spectrograms.
        image_size: (H, W).

    Raises:
        HbacError: a window is not among the spectrograms; and, from the function, a file is missing or is not such
            an array.
    """
    bands, columns = arrays.recipe.size
    shrink = image_averaging((len(CHAINS) * bands, columns), image_size)
    places = _places(rows, arrays)

    def read(row: int) -> np.ndarray:
        eeg_id, position = places[row]
        spectrograms = open_array(arrays.folder / f"{eeg_id}.npy", ("windows", len(CHAINS) * bands, columns), ASSET)
        return shrink(spectrograms[position])

    return read


def _places(rows: pd.DataFrame, arrays: EegArrays) -> list[tuple[object, int]]:
    """Return the EEG and the position in its array of each row's window."""
    positions = arrays.windows.set_index(["eeg_id", "offset_seconds"])["position"]
    windows = pd.MultiIndex.from_frame(rows[["eeg_id", "eeg_label_offset_seconds"]])
    found = positions.reindex(windows)
    if found.isna().any():
        eeg_id, offset = windows[int(np.argmax(found.isna()))]
        raise HbacError(f"{arrays.folder}: no window of EEG {eeg_id} from {offset} s on; materialize {ASSET} again")
    return list(zip(windows.get_level_values(0), found.astype(int), strict=True))
