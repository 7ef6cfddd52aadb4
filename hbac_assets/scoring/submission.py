"""The submission table: built in the order of sample_submission.csv, and checked against it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from hbac_assets.errors import HbacError
from hbac_assets.labels import VOTE_COLUMNS
from hbac_assets.scoring.combining import in_order

SUM_TOLERANCE = 1e-6


def build(eeg_ids: Sequence[str], predictions: np.ndarray, sample: pd.DataFrame) -> pd.DataFrame:
    """Return eeg_id and the six vote columns, in the rows' order of `sample`.

    An EEG in several rows is matched by `combining.in_order`.

    Args:
        eeg_ids: (N,) the EEG of each prediction, in any order, as text.
        predictions: (N, 6) probabilities.
        sample: sample_submission.csv.

    Raises:
        HbacError: an EEG of `sample` has no prediction.
    """
    wanted = sample["eeg_id"].astype("str").tolist()
    absent = sorted(set(wanted) - set(eeg_ids))
    if absent:
        raise HbacError(
            f"submission: expected a prediction for each eeg_id of sample_submission.csv, found none for "
            f"{len(absent)}, such as {absent[0]}; predict the rows of the test.csv beside it"
        )
    frame = pd.DataFrame(in_order(eeg_ids, predictions, wanted), columns=list(VOTE_COLUMNS))
    frame.insert(0, "eeg_id", sample["eeg_id"].to_numpy())
    return frame


def violations(frame: pd.DataFrame, sample: pd.DataFrame) -> list[str]:
    """Return the violations that make `frame` an invalid submission, one line each; none if it is valid."""
    if list(frame.columns) != ["eeg_id", *VOTE_COLUMNS]:
        return [f"columns: expected eeg_id, {', '.join(VOTE_COLUMNS)}, found {', '.join(map(str, frame.columns))}"]
    found = []
    if len(frame) != len(sample):
        found.append(f"rows: expected {len(sample)}, found {len(frame)}")
    elif (unlike := frame["eeg_id"].astype("str").to_numpy() != sample["eeg_id"].astype("str").to_numpy()).any():
        row = int(np.argmax(unlike))
        expected = f"expected {sample['eeg_id'].iloc[row]} as in sample_submission.csv"
        found.append(f"row {row + 1}, column eeg_id: {expected}, found {frame['eeg_id'].iloc[row]}")
    shares = frame[list(VOTE_COLUMNS)].to_numpy(dtype=float)
    outside = ~((shares >= 0) & (shares <= 1))
    if outside.any():
        row, column = np.argwhere(outside)[0]
        found.append(f"row {row + 1}, column {VOTE_COLUMNS[column]}: expected 0 to 1, found {shares[row, column]:g}")
    unsummed = ~(np.abs(shares.sum(axis=1) - 1) <= SUM_TOLERANCE)
    if unsummed.any():
        row = int(np.argmax(unsummed))
        found.append(f"row {row + 1}: expected probabilities of sum 1, found {shares[row].sum():g}")
    return found
