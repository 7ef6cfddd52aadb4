"""Scores by class, of many models at once: divergence, ranking, confusion and reliability.

Ranking needs one true class per row: the class with the most votes. A row on which two classes tie has none and is left
out of ranking; everything else uses the vote fractions of every row.
"""

from typing import NamedTuple

import numpy as np

from hbac_assets.scoring.metric import SMALLEST

TIE = -1
BINS = 10


class Ranking(NamedTuple):
    """Areas under the ROC and the precision-recall curve of each class against the rest; NaN where either is empty."""

    auroc: np.ndarray
    auprc: np.ndarray


class Reliability(NamedTuple):
    """The reliability of each class in ten equal bins of the predicted probability, as (C, 10) arrays.

    Attributes:
        rows: the number of predictions in the bin.
        predicted: their mean; NaN if there are none.
        voted: mean fraction of the votes for the class.
    """

    rows: np.ndarray
    predicted: np.ndarray
    voted: np.ndarray


def majority(shares: np.ndarray) -> np.ndarray:
    """Return (N,): the class with the most votes, -1 in a tie.

    Args:
        shares: (N, C) votes or their fractions; fractions that differ by less than 1e-9 tie.
    """
    most = shares >= shares.max(axis=1, keepdims=True) - 1e-9
    return np.where(most.sum(axis=1) == 1, most.argmax(axis=1), TIE)


def class_divergences(shares: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Return (C,): the contribution of each class to the mean KL divergence; their sum is the score.

    The mean over all rows of p·ln(p/q), with q clipped as in `metric`. A contribution can be negative: probability
    predicted above the vote fraction of one class is missing in others.

    Args:
        shares: (N, C) vote fractions p.
        predictions: (N, C) predicted probabilities q.
    """
    from scipy.special import rel_entr

    return np.asarray(rel_entr(shares, np.clip(predictions, SMALLEST, 1 - SMALLEST)).mean(axis=0))


def ranking(truth: np.ndarray, predictions: np.ndarray) -> Ranking:
    """Return AUROC and AUPRC, (C,) each, one class against the rest.

    AUPRC is the average precision Σ (R_i - R_{i-1})·P_i over the distinct probabilities, without interpolation, as in
    scikit-learn; both treat rows of equal probability as one step. One sort serves both, for 40 models of 100,000
    rows in a few seconds; scikit-learn's functions, which the tests compare, take eight times as long.

    Args:
        truth: (N,) the true class of each row, -1 for none: such rows are left out.
        predictions: (N, C) predicted probabilities.
    """
    known = truth != TIE
    truth, predictions = truth[known], predictions[known]
    areas = [_areas(truth == number, predictions[:, number]) for number in range(predictions.shape[1])]
    return Ranking(*np.array(areas).T)


def soft_confusion(shares: np.ndarray, predictions: np.ndarray) -> np.ndarray:
    """Return (C, C): the mean prediction (column) where experts vote for a class (row), NaN for a class without votes.

    Each row of the table is weighted by the fraction of its votes for the class.

    Args:
        shares: (N, C) vote fractions.
        predictions: (N, C) predicted probabilities.
    """
    votes = np.broadcast_to(shares.sum(axis=0)[:, None], (shares.shape[1],) * 2)
    return np.asarray(np.divide(shares.T @ predictions, votes, where=votes > 0, out=np.full(votes.shape, np.nan)))


def reliability(shares: np.ndarray, predictions: np.ndarray) -> Reliability:
    """Return, for each class, the mean vote fraction by bin of the prediction: equal to it if the model is calibrated.

    Args:
        shares: (N, C) vote fractions.
        predictions: (N, C) predicted probabilities; values beyond 0 or 1 go into the outermost bins.
    """
    classes = predictions.shape[1]
    bins = np.clip((predictions * BINS).astype(int), 0, BINS - 1) + BINS * np.arange(classes)

    def total(weights: np.ndarray) -> np.ndarray:
        return np.bincount(bins.ravel(), weights.ravel(), minlength=classes * BINS).reshape(classes, BINS)

    rows = total(np.ones(bins.shape))
    with np.errstate(invalid="ignore"):
        return Reliability(rows.astype(int), total(predictions) / rows, total(shares) / rows)


def _areas(right: np.ndarray, probabilities: np.ndarray) -> tuple[float, float]:
    positives = right.sum()
    if positives in (0, len(right)):
        return np.nan, np.nan
    order = np.argsort(-probabilities)
    ordered = probabilities[order]
    steps = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)
    hits = np.cumsum(right[order])[steps]
    recall, false_alarms = hits / positives, (steps + 1 - hits) / (len(right) - positives)
    auroc = np.trapezoid(np.append(0, recall), np.append(0, false_alarms))
    auprc = np.diff(recall, prepend=0) @ (hits / (steps + 1))
    return float(auroc), float(auprc)
