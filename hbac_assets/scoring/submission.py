"""The table that Kaggle scores: built in the order of sample_submission.csv, and checked against it."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from hbac_assets.errors import HbacError
from hbac_assets.labels import VOTE_COLUMNS
from hbac_assets.scoring.patient_context import PatientContext

SUM_TOLERANCE = 1e-6


def filled_up(predictions: np.ndarray, blend: Callable[[np.ndarray], np.ndarray], prior: np.ndarray) -> np.ndarray:
    """Return the blend (N, 6) of members of which some did not predict every row.

    Where a member is missing, the mean of the others stands in for it; where all are, the row gets the prior.

    Args:
        predictions: (members, N, 6) probabilities, NaN where a member did not predict a row.
        blend: from (members, N, 6) to (N, 6).
        prior: (6,) probabilities.
    """
    missing = np.isnan(predictions[..., 0])
    if not missing.any():
        return blend(predictions)
    nobody = missing.all(axis=0)
    stand_in = np.where(missing[..., None], 0, predictions).sum(axis=0) / np.maximum(1, (~missing).sum(axis=0))[:, None]
    stand_in[nobody] = prior
    blended = blend(np.where(missing[..., None], stand_in, predictions))
    return np.where(nobody[:, None], prior, blended)


def in_context(
    blended: np.ndarray, context: PatientContext, patients: np.ndarray, eegs: np.ndarray, predicted: np.ndarray
) -> np.ndarray:
    """Return predictions (N, 6) that also use the patient's other EEGs.

    Rows that no member predicted keep the prior, and say nothing of the patient's others.

    Args:
        blended: (N, 6) probabilities.
        context: what was learned.
        patients: (N,) patient of each row, NaN or None where it is not known.
        eegs: (N,) EEG of each row.
        predicted: (N,) whether any member predicted the row.
    """
    adjusted = blended.copy()
    adjusted[predicted] = context(blended[predicted], patients[predicted], eegs[predicted])
    return adjusted


def build(eeg_ids: Sequence[str], predictions: np.ndarray, sample: pd.DataFrame) -> pd.DataFrame:
    """Return eeg_id and the six vote columns, in the rows' order of `sample`.

    Where an EEG stands in as many rows of the one as of the other, the first gets the first prediction and so on;
    otherwise each gets the mean of its predictions.

    Args:
        eeg_ids: (N,) the EEG of each prediction, in any order, as text.
        predictions: (N, 6) probabilities.
        sample: sample_submission.csv.

    Raises:
        HbacError: an EEG of `sample` has no prediction.
    """
    predicted = pd.DataFrame(predictions, columns=list(VOTE_COLUMNS)).assign(eeg=list(eeg_ids))
    order = pd.DataFrame({"eeg": sample["eeg_id"].astype("str").to_numpy()})
    absent = sorted(set(order["eeg"]) - set(predicted["eeg"]))
    if absent:
        raise HbacError(
            f"submission: expected a prediction for each eeg_id of sample_submission.csv, found none for "
            f"{len(absent)}, such as {absent[0]}; predict the rows of the test.csv beside it"
        )
    counts = predicted["eeg"].value_counts()
    paired = order["eeg"].map(counts) == order["eeg"].map(order["eeg"].value_counts())
    means = predicted.groupby("eeg").mean().loc[order["eeg"]].reset_index(drop=True)
    predicted["place"], order["place"] = predicted.groupby("eeg").cumcount(), order.groupby("eeg").cumcount()
    one_by_one = order.merge(predicted, on=["eeg", "place"], how="left")[list(VOTE_COLUMNS)]
    shares = np.where(paired.to_numpy()[:, None], one_by_one, means[list(VOTE_COLUMNS)])
    frame = pd.DataFrame(shares, columns=list(VOTE_COLUMNS))
    frame.insert(0, "eeg_id", sample["eeg_id"].to_numpy())
    return frame


def violations(frame: pd.DataFrame, sample: pd.DataFrame) -> list[str]:
    """Return what keeps `frame` from being a valid submission, one line each; none if it is valid."""
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
        found.append(f"row {row + 1}: expected shares of sum 1, found {shares[row].sum():g}")
    return found
