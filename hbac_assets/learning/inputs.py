"""What a member sees of each row: Kaggle's spectrogram, one made from the EEG, or both in one image.

Here images are standardised, if each is to be by itself, and rounded to half precision. How they are cut and averaged
down belongs to `windows` and `eeg_windows`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from hbac_assets.learning.eeg_windows import EegArrays, eeg_window_reader
from hbac_assets.learning.image_source import read_all
from hbac_assets.learning.normalisation import standardised
from hbac_assets.learning.settings import Preprocessing
from hbac_assets.learning.windows import window_reader


@dataclass(frozen=True)
class StoredInputs:
    """Where the arrays lie: the folder of Kaggle's spectrograms, and those that the member's recipe made."""

    spectrograms: Path
    eeg: EegArrays | None = None


def image_reader(rows: pd.DataFrame, stored: StoredInputs, preprocessing: Preprocessing) -> Callable[[int], np.ndarray]:
    """Return a function from the number of a row to its image, float16 (H, W), frequency first.

    Several threads may call it at once.

    Raises:
        HbacError: a row has no window; and, from the function, an array is missing or is not what it should be, or a
            window lies outside its recording.
    """
    read = _window_reader(rows, stored, preprocessing)
    if preprocessing.input == "both" or preprocessing.normalisation == "data_wide":
        return lambda row: read(row).astype(np.float16, order="C")
    return lambda row: standardised(read(row)).astype(np.float16, order="C")


def load_images(rows: pd.DataFrame, stored: StoredInputs, preprocessing: Preprocessing) -> np.ndarray:
    """Return the images of `rows` as one array, float16 (N, H, W).

    Raises:
        HbacError: as `image_reader` and its function.
    """
    return read_all(image_reader(rows, stored, preprocessing), len(rows), preprocessing.image_size)


def _window_reader(
    rows: pd.DataFrame, stored: StoredInputs, preprocessing: Preprocessing
) -> Callable[[int], np.ndarray]:
    """Return a function from the number of a row to its image, float32; of `both`, the halves are standardised."""
    if preprocessing.input == "kaggle":
        return window_reader(rows, stored.spectrograms, preprocessing)
    assert stored.eeg is not None
    height, width = preprocessing.image_size
    if preprocessing.input == "eeg":
        return eeg_window_reader(rows, stored.eeg, (height, width))
    half = preprocessing.model_copy(update={"image_size": (height // 2, width)})
    upper = window_reader(rows, stored.spectrograms, half)
    lower = eeg_window_reader(rows, stored.eeg, half.image_size)
    return lambda row: np.concatenate([standardised(upper(row)), standardised(lower(row))])
