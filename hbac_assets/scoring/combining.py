"""One prediction per row from the predictions of all members and folds."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

import numpy as np

from hbac_assets.scoring.blends import StoredBlend
from hbac_assets.scoring.patient_context import PatientContext


def combined(
    predictions: np.ndarray, stored: StoredBlend, prior: np.ndarray, patients: np.ndarray, eegs: np.ndarray
) -> np.ndarray:
    """Return the prediction (N, 6): the blend of each fold's models, then the mean over folds.

    Blend, calibration and patient context are fitted to predictions of single models, which are more extreme than
    their mean over folds.

    Args:
        predictions: (folds, members, N, 6) probabilities, NaN where a member did not predict a row.
        stored: the blend.
        prior: (6,) probabilities of a row that no member predicted.
        patients: (N,) patient of each row, None if unknown.
        eegs: (N,) EEG of each row.
    """
    of_folds = [filled_up(of_fold, stored.blend, prior) for of_fold in predictions]
    if stored.context:
        predicted = ~np.isnan(predictions[0, ..., 0]).all(axis=0)
        of_folds = [in_context(of_fold, stored.context, patients, eegs, predicted) for of_fold in of_folds]
    blended: np.ndarray = np.mean(of_folds, axis=0)
    blended /= blended.sum(axis=1, keepdims=True)
    return blended


def filled_up(predictions: np.ndarray, blend: Callable[[np.ndarray], np.ndarray], prior: np.ndarray) -> np.ndarray:
    """Return the blend (N, 6) of members some of which did not predict every row.

    A missing member is replaced by the mean of the others; if all are missing, the row gets the prior.

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

    Rows that no member predicted keep the prior, and do not influence the patient's other rows.

    Args:
        blended: (N, 6) probabilities.
        context: the fitted context.
        patients: (N,) patient of each row, NaN or None if unknown.
        eegs: (N,) EEG of each row.
        predicted: (N,) whether any member predicted the row.
    """
    adjusted = blended.copy()
    adjusted[predicted] = context(blended[predicted], patients[predicted], eegs[predicted])
    return adjusted


def in_order(eeg_ids: Sequence[str], predictions: np.ndarray, wanted: Sequence[str]) -> np.ndarray:
    """Return the predictions (M, 6) of the wanted EEGs.

    If an EEG occurs in as many rows of both, they are matched in order; otherwise each gets the mean of the EEG's
    predictions.

    Args:
        eeg_ids: (N,) the EEG of each prediction, in any order.
        predictions: (N, 6) probabilities.
        wanted: (M,) EEGs, all of them among `eeg_ids`.
    """
    rows, counts, used = defaultdict(list), Counter(wanted), Counter[str]()
    for row, eeg in enumerate(eeg_ids):
        rows[eeg].append(row)
    found = np.empty((len(wanted), predictions.shape[1]))
    for place, eeg in enumerate(wanted):
        paired = len(rows[eeg]) == counts[eeg]
        found[place] = predictions[rows[eeg][used[eeg]]] if paired else predictions[rows[eeg]].mean(axis=0)
        used[eeg] += 1
    return found
