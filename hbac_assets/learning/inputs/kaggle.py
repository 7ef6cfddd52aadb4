"""Views of labelled windows of Kaggle's stored spectrograms.

Deterministic operations are done here: cutting, clipping, the logarithm, averaging. Random ones (augmentation) and
those cheaper than their storage (three channels) run on the device, in `hbac_assets.learning.images`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from jaxtyping import Float32

from hbac_assets.errors import HbacError
from hbac_assets.learning.inputs.kind import Arrays
from hbac_assets.signals.images import kaggle_image
from hbac_assets.signals.recipes import InputRecipe
from hbac_assets.signals.window import Window
from hbac_assets.store.arrays import open_array

if TYPE_CHECKING:
    import pandas as pd

    from hbac_assets.learning.settings import Preprocessing

FREQUENCY_BINS = 400
COLUMN_SECONDS = 2
LABEL_WINDOW = 300  # columns: the ten minutes that the experts saw


@dataclass(frozen=True)
class KaggleView:
    """Kaggle's spectrogram: natural logarithm of µV²/Hz, clipped, averaged; four chains stacked vertically."""

    reads: Literal["spectrogram"] = "spectrogram"
    recipes: frozenset[str] = frozenset()

    def source(self, preprocessing: "Preprocessing") -> None:
        """Return None, which stands for Kaggle's arrays."""

    def of_window(
        self, window: Window, recipe: InputRecipe, size: tuple[int, int]
    ) -> Float32[np.ndarray, "height width"] | None:
        """Return the view of a window (H, W); None without power."""
        if window.spectrogram is None:
            return None
        power = np.where(np.isnan(window.spectrogram), np.float32(0), window.spectrogram)
        return kaggle_image(power, recipe.window, recipe.clip, size) if power.any() else None

    def seconds(self, recipe: InputRecipe) -> float:
        """Return the duration of the window's columns, s."""
        return float(recipe.window * COLUMN_SECONDS)

    def reader(
        self, rows: "pd.DataFrame", arrays: Arrays, preprocessing: "Preprocessing", size: tuple[int, int]
    ) -> Callable[[int], Float32[np.ndarray, "height width"]]:
        """Return a loader from row index to image (H, W), frequency first.

        The loader is thread-safe.

        Args:
            rows: with `spectrogram_id` and `spectrogram_label_offset_seconds`, the start of the labelled minutes.
            arrays: `<spectrogram_id>.npy`, float32 (400, T), one column per 2 s.
            preprocessing: window and bounds.
            size: (H, W).

        Raises:
            HbacError: raised by the loader if a file is missing or is not such an array, or a window starts outside its
                recording.
        """
        ids = rows["spectrogram_id"].to_numpy()
        offsets = rows["spectrogram_label_offset_seconds"].to_numpy(dtype=np.float64)

        def read(row: int) -> Float32[np.ndarray, "height width"]:
            window = cut_window(arrays.folder / f"{ids[row]}.npy", float(offsets[row]))
            return kaggle_image(window, preprocessing.window, preprocessing.clip, size)

        return read


def cut_window(path: Path, offset_seconds: float) -> np.ndarray:
    """Return the ten minutes from `offset_seconds` on, (400, 300), zero beyond the recording's end."""
    spectrogram = open_array(path, (FREQUENCY_BINS, "T"), "npy_spectrograms")
    start = int(offset_seconds // COLUMN_SECONDS)
    if not 0 <= start < spectrogram.shape[1]:
        raise HbacError(
            f"{path}: expected a label offset within the recording's "
            f"{COLUMN_SECONDS * spectrogram.shape[1]} s, found {offset_seconds:g} s; correct or drop the row"
        )
    window = spectrogram[:, start : start + LABEL_WINDOW]
    missing = LABEL_WINDOW - window.shape[1]
    return np.pad(window, ((0, 0), (0, missing))) if missing else window
