"""What a member sees of each row: Kaggle's spectrogram, one made from the EEG, or both in one image.

How each is cut and averaged down belongs to `windows` and `eeg_windows`.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from hbac_assets.learning.eeg_windows import EegArrays, load_eeg_windows
from hbac_assets.learning.settings import Preprocessing
from hbac_assets.learning.windows import load_windows


@dataclass(frozen=True)
class StoredInputs:
    """Where the arrays lie: the folder of Kaggle's spectrograms, and those that the member's recipe made."""

    spectrograms: Path
    eeg: EegArrays | None = None


def load_images(rows: pd.DataFrame, stored: StoredInputs, preprocessing: Preprocessing) -> np.ndarray:
    """Return the images of `rows` as float16 (N, H, W), frequency first.

    Raises:
        HbacError: an array is missing or is not what it should be, or a window lies outside its recording.
    """
    if preprocessing.input == "kaggle":
        return load_windows(rows, stored.spectrograms, preprocessing)
    assert stored.eeg is not None
    height, width = preprocessing.image_size
    if preprocessing.input == "eeg":
        return load_eeg_windows(rows, stored.eeg, (height, width))
    half = preprocessing.model_copy(update={"image_size": (height // 2, width)})
    upper = load_windows(rows, stored.spectrograms, half)
    lower = load_eeg_windows(rows, stored.eeg, half.image_size)
    return np.concatenate([_standardised(upper), _standardised(lower)], axis=1)


def _standardised(images: np.ndarray) -> np.ndarray:
    """Return images (N, H, W) of mean 0 and standard deviation 1 each, so that halves of unlike units weigh alike."""
    for image in images:
        values = image.astype(np.float32)
        image[:] = (values - values.mean()) / (values.std() + 1e-6)
    return images
