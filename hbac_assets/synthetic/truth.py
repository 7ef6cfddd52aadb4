"""The side files of a synthetic data set: what the readers' votes were drawn from.

They give the floor of the metric (what an observer of the latent state would score) and a private score for a
submission. Nothing that learns may read them.
"""

from pathlib import Path
from typing import Literal

import pandas as pd

from hbac_assets.errors import HbacError


def truth_path(folder: Path, split: Literal["train", "test"]) -> Path:
    """Return where the truth of a split lies in a data set."""
    return folder / "truth" / f"{split}.parquet"


def read_truth(folder: Path, split: Literal["train", "test"]) -> pd.DataFrame:
    """Read the true class probabilities of every labelled moment of a split.

    Returns:
        One row for each row of train.csv or test.csv, in its order: eeg_id, eeg_sub_id, spectrogram_id,
        label_id, patient_id, the six `tables.PROBABILITY_COLUMNS` and the six votes.

    Raises:
        HbacError: the folder is not a complete synthetic data set.
    """
    path = truth_path(folder, split)
    if not path.exists():
        raise HbacError(f"{path}: expected the truth of a synthetic data set, found no file; generate the set again")
    return pd.read_parquet(path)
