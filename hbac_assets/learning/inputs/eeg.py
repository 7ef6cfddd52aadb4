"""From the stored spectrograms of the EEG to views of labelled windows.

How the spectrograms are made belongs to `hbac_assets.signals`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from jaxtyping import Float32

from hbac_assets.errors import HbacError
from hbac_assets.learning.inputs.kind import Arrays
from hbac_assets.signals.averaging import image_averaging
from hbac_assets.signals.eeg_recipe import EegRecipe
from hbac_assets.signals.montage import CHAINS
from hbac_assets.store.arrays import open_array

if TYPE_CHECKING:
    from hbac_assets.learning.settings import Preprocessing

ASSET = "eeg_spectrograms"


@dataclass(frozen=True)
class EegView:
    """The spectrogram that a recipe makes of the EEG: from -1 to 1, four chains one above the other.

    Attributes:
        of_label: whether it shows the labelled 10 s alone, in as many columns as otherwise the 50 s.
        of_eeg: as every view has it.
    """

    of_label: bool = False
    of_eeg: bool = True

    def source(self, preprocessing: "Preprocessing") -> EegRecipe:
        """Return the member's recipe, or the one for the labelled seconds that follows from it."""
        assert preprocessing.eeg
        return preprocessing.eeg.of_label() if self.of_label else preprocessing.eeg

    def seconds(self, preprocessing: "Preprocessing") -> float:
        """Return how long a time the spectrogram shows."""
        return self.source(preprocessing).seconds

    def reader(
        self, rows: pd.DataFrame, arrays: Arrays, preprocessing: "Preprocessing", size: tuple[int, int]
    ) -> Callable[[int], Float32[np.ndarray, "height width"]]:
        """Return a function from the number of a row to its image (H, W), frequency first.

        Several threads may call the function at once.

        Args:
            rows: with `eeg_id` and `eeg_label_offset_seconds`, where the labelled 50 s start.
            arrays: `<eeg_id>.npy`, float32 (windows, 4 × bands, columns); the table has eeg_id, offset_seconds and
                position of each window in its EEG's array.
            preprocessing: the recipe.
            size: (H, W).

        Raises:
            HbacError: a window is not among the spectrograms; and, from the function, a file is missing or is not such
                an array.
        """
        bands, columns = self.source(preprocessing).size
        stacked = len(CHAINS) * bands
        shrink = image_averaging((stacked, columns), size)
        places = _places(rows, arrays)

        def read(row: int) -> Float32[np.ndarray, "height width"]:
            eeg_id, position = places[row]
            spectrograms = open_array(arrays.folder / f"{eeg_id}.npy", ("windows", stacked, columns), ASSET)
            return shrink(spectrograms[position])

        return read


def _places(rows: pd.DataFrame, arrays: Arrays) -> list[tuple[object, int]]:
    """Return the EEG and the position in its array of each row's window."""
    positions = arrays.table.set_index(["eeg_id", "offset_seconds"])["position"]
    windows = pd.MultiIndex.from_frame(rows[["eeg_id", "eeg_label_offset_seconds"]])
    found = positions.reindex(windows)
    if found.isna().any():
        eeg_id, offset = windows[int(np.argmax(found.isna()))]
        raise HbacError(f"{arrays.folder}: no window of EEG {eeg_id} from {offset} s on; materialize {ASSET} again")
    return list(zip(windows.get_level_values(0), found.astype(int), strict=True))
