"""The truth of a synthetic data set: the probabilities from which the readers' votes were drawn.

It gives the floor of the metric (the score of an observer of the latent state) and a private score of a submission. No
learning code may read it.
"""

from pathlib import Path
from typing import Literal

import pandas as pd

from hbac_assets.errors import HbacError


def truth_path(folder: Path, split: Literal["train", "test"]) -> Path:
    """Return the path of a split's truth in a data set."""
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
