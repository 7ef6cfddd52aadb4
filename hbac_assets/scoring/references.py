"""The references for models: the class prior, logistic regression on band powers, and the way to the floor.

Both references are out of fold like the models: a row is predicted from the rows of the other folds.
"""

from collections.abc import Callable

import numpy as np

from hbac_assets.labels import CLASSES
from hbac_assets.signals.montage import CHAINS
from hbac_assets.signals.spectrogram_grid import FREQUENCIES

CLASS_PRIOR, LOGISTIC_REGRESSION = "class prior", "band powers, logistic regression"
"""Their names in tables."""

BANDS = {"delta": (0.5, 4.0), "theta": (4.0, 8.0), "alpha": (8.0, 13.0), "beta": (13.0, 20.0)}
"""Bounds in Hz, the upper one excluded."""

LOWEST_LOG_POWER = -4.0

Predict = Callable[[np.ndarray], np.ndarray]


def class_prior(shares: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Return (N, 6): for each row the mean vote fractions of the rows of the other folds.

    Args:
        shares: (N, 6) vote fractions.
        folds: (N,) fold of each row.
    """
    predictions = np.empty_like(shares, dtype=float)
    for fold in np.unique(folds):
        predictions[folds == fold] = shares[folds != fold].mean(axis=0)
    return predictions


def band_powers(power: np.ndarray) -> np.ndarray:
    """Return (16,): the mean natural logarithm of the power, for each chain in the order of the four bands.

    Args:
        power: (400, T) window in µV²/Hz, the four chains stacked.
    """
    log_power = np.log(np.maximum(power, np.exp(LOWEST_LOG_POWER))).reshape(len(CHAINS), len(FREQUENCIES), -1)
    in_band = [(low <= FREQUENCIES) & (high > FREQUENCIES) for low, high in BANDS.values()]
    return np.stack([log_power[:, band].mean(axis=(1, 2)) for band in in_band], axis=1).ravel()


def logistic_regression(features: np.ndarray, shares: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Return (N, 6): multinomial logistic regression on standardised features, fitted to the vote fractions.

    Args:
        features: (N, F), such as the `band_powers` of each row's window.
        shares: (N, 6) vote fractions.
        folds: (N,) fold of each row.
    """
    predictions = np.empty_like(shares, dtype=float)
    for fold in np.unique(folds):
        held_out = folds == fold
        predict = _fit_logistic_regression(features[~held_out], shares[~held_out])
        predictions[held_out] = predict(features[held_out])
    return predictions


def closed_fraction(score: float, prior: float, floor: float) -> float:
    """Return the fraction of the distance from the prior's score to the floor that `score` covers.

    NaN if the prior is no worse than the floor.
    """
    return (prior - score) / (prior - floor) if prior > floor else float("nan")


def _fit_logistic_regression(features: np.ndarray, shares: np.ndarray) -> Predict:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    # Soft targets: each row counts once for every class, weighted by its vote fraction. Zeros stay, so that a class
    # that the training rows lack still has a column.
    rows = np.repeat(features, len(CLASSES), axis=0)
    classes = np.tile(np.arange(len(CLASSES)), len(features))
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    model.fit(rows, classes, logisticregression__sample_weight=shares.ravel())
    return lambda unseen: np.asarray(model.predict_proba(unseen))
