"""Views of spectrograms made from the EEG, and access to its stored windows; waveforms belong to `waveform`.

Making the stored arrays belongs to `hbac_assets.signals`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from jaxtyping import Float, Float32

from hbac_assets.errors import HbacError
from hbac_assets.learning.inputs.kind import Arrays
from hbac_assets.signals.eeg_spectrogram import eeg_spectrogram
from hbac_assets.signals.images import averaged
from hbac_assets.signals.recipes import EegTransform, InputRecipe, of_label
from hbac_assets.signals.window import Window, middle, missing_fraction
from hbac_assets.store.arrays import open_array

if TYPE_CHECKING:
    import pandas as pd

    from hbac_assets.learning.settings import Preprocessing
    from hbac_assets.signals.eeg_arrays import Recipe
    from hbac_assets.signals.eeg_recipe import EegRecipe

ASSET = "eeg_spectrograms"


@dataclass(frozen=True)
class EegView:
    """The spectrogram made from the EEG by a recipe: from -1 to 1, four chains stacked vertically.

    Attributes:
        of_label: whether it shows the labelled 10 s alone, in as many columns as otherwise the 50 s.
        reads: the array of a window that it is made from.
        recipes: the setting of `Preprocessing` with its recipe.
    """

    of_label: bool = False
    reads: Literal["eeg"] = "eeg"
    recipes: frozenset[str] = frozenset({"eeg"})

    def source(self, preprocessing: "Preprocessing") -> "EegRecipe":
        """Return the member's recipe, or the derived one for the labelled seconds."""
        assert preprocessing.eeg
        return preprocessing.eeg.of_label() if self.of_label else preprocessing.eeg

    def seconds(self, recipe: InputRecipe) -> float:
        """Return the duration of the spectrogram, s."""
        return self._transform(recipe).seconds

    def of_window(
        self, window: Window, recipe: InputRecipe, size: tuple[int, int]
    ) -> Float32[np.ndarray, "height width"] | None:
        """Return the view of a window (H, W); None if no electrode has a signal."""
        if window.eeg is None:
            return None
        transform = self._transform(recipe)
        eeg = middle(window.eeg, transform.seconds)
        return None if missing_fraction(eeg) == 1 else averaged(eeg_spectrogram(eeg, transform), size)

    def reader(
        self, rows: "pd.DataFrame", arrays: Arrays, preprocessing: "Preprocessing", size: tuple[int, int]
    ) -> Callable[[int], Float32[np.ndarray, "height width"]]:
        """Return a loader from row index to image (H, W), frequency first.

        The loader is thread-safe.

        Args:
            rows: with `eeg_id` and `eeg_label_offset_seconds`, the start of the labelled 50 s.
            arrays: `<eeg_id>.npy`, float32 (windows, 4 × bands, columns); the table has eeg_id, offset_seconds and
                position of each window in its EEG's array.
            preprocessing: the recipe.
            size: (H, W).

        Raises:
            HbacError: a window is not among the spectrograms; and, from the loader, a file is missing or is not such an
                array.
        """
        window = stored_windows(rows, arrays, self.source(preprocessing))
        return lambda row: averaged(window(row), size)

    def _transform(self, recipe: InputRecipe) -> EegTransform:
        assert recipe.eeg
        return of_label(recipe.eeg) if self.of_label else recipe.eeg


def stored_windows(
    rows: "pd.DataFrame", arrays: Arrays, recipe: "Recipe"
) -> Callable[[int], Float[np.ndarray, "rows times"]]:
    """Return a loader from row index to the stored array of its window; arguments as for `reader`.

    Raises:
        HbacError: as for `reader`.
    """
    places = _places(rows, arrays)

    def read(row: int) -> Float[np.ndarray, "rows times"]:
        eeg_id, position = places[row]
        made = open_array(arrays.folder / f"{eeg_id}.npy", ("windows", *recipe.shape), ASSET, recipe.dtype)
        return np.asarray(made[position])

    return read


def _places(rows: "pd.DataFrame", arrays: Arrays) -> list[tuple[object, int]]:
    """Return the EEG and the position in its array of each row's window."""
    import pandas as pd

    positions = arrays.table.set_index(["eeg_id", "offset_seconds"])["position"]
    windows = pd.MultiIndex.from_frame(rows[["eeg_id", "eeg_label_offset_seconds"]])
    found = positions.reindex(windows)
    if found.isna().any():
        eeg_id, offset = windows[int(np.argmax(found.isna()))]
        raise HbacError(f"{arrays.folder}: no window of EEG {eeg_id} from {offset} s on; materialize {ASSET} again")
    return list(zip(windows.get_level_values(0), found.astype(int), strict=True))
