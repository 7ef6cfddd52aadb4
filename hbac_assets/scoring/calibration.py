"""Calibration of finished predictions: logits are scaled and shifted until they fit the votes.

All kinds are special cases of softmax(W·log q + b), with more or fewer entries of W and b to be learned. The mean
KL divergence is convex in them (in the inverse of the temperature), so that the minimum is one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hbac_assets.labels import CLASSES
from hbac_assets.scoring.metric import SMALLEST

NONE = "none"

RIDGE = 1.0
"""Of the deviations from the identity beside the divergences' sum: that of a normal prior of variance 1."""

MOST_STEPS = 500

_K = len(CLASSES)
_DIAGONAL = np.eye(_K, dtype=bool)


@dataclass(frozen=True)
class Calibration:
    """The map from q to softmax(W·log q + b)."""

    matrix: np.ndarray
    """W (6, 6); the identity changes nothing, and a temperature τ is 1/τ on the diagonal."""
    bias: np.ndarray
    """b (6,), of sum 0."""

    def __call__(self, predictions: np.ndarray) -> np.ndarray:
        """Return the calibrated probabilities (N, 6) of predictions (N, 6)."""
        from scipy.special import softmax

        return np.asarray(softmax(log_probabilities(predictions) @ self.matrix.T + self.bias, axis=1))


def _parameters(matrix: np.ndarray, *, bias: bool) -> np.ndarray:
    """Return (6, 7): for each entry of W and b the number of the parameter that it deviates by, -1 for none."""
    numbers = np.arange(_K) + matrix.max() + 1 if bias else np.full(_K, -1)
    return np.column_stack([matrix, numbers])


_SCALAR = np.where(_DIAGONAL, 0, -1)
_BY_CLASS = np.where(_DIAGONAL, np.arange(_K), -1)

CALIBRATIONS: Mapping[str, np.ndarray] = {
    "temperature": _parameters(_SCALAR, bias=False),
    "temperature_bias": _parameters(_SCALAR, bias=True),
    "vector": _parameters(_BY_CLASS, bias=True),
    "dirichlet": _parameters(np.arange(_K**2).reshape(_K, _K), bias=True),
}
"""What is learned by name: one temperature (Guo et al. 2017, "On calibration of modern neural networks"), also with a
bias for each class; a scale and a bias for each class; all of W and b (Kull et al. 2019, "Beyond temperature scaling:
obtaining well-calibrated multi-class probabilities with Dirichlet calibration")."""

# The others have so many parameters that they are for those who ask for them, for models that are badly calibrated.
CANDIDATES = (NONE, "temperature", "temperature_bias")


def learned_calibration(kind: str, predictions: np.ndarray, shares: np.ndarray) -> Calibration:
    """Find the calibration of least mean KL divergence on these rows, with a small ridge towards the identity.

    The rows must not be those that the predictions were learned from: there these look better than elsewhere, and
    would be made too sure of themselves. Without rows the identity is returned.

    Args:
        kind: a key of `CALIBRATIONS`.
        predictions: (N, 6) probabilities.
        shares: (N, 6) vote shares.
    """
    from scipy.optimize import minimize
    from scipy.special import log_softmax

    parameters = CALIBRATIONS[kind]
    free = parameters >= 0
    inputs = np.column_stack([log_probabilities(predictions), np.ones(len(predictions))])
    rows = max(1, len(predictions))

    def objective(deviations: np.ndarray) -> tuple[float, np.ndarray]:
        logs = log_softmax(inputs @ _table(deviations, parameters).T, axis=1)
        slopes = (np.exp(logs) - shares).T @ inputs
        gradient = np.bincount(parameters[free], slopes[free]) + RIDGE * deviations
        return (RIDGE / 2 * deviations @ deviations - (shares * logs).sum()) / rows, gradient / rows

    options = {"maxiter": MOST_STEPS, "ftol": 1e-12, "gtol": 1e-7}
    start = np.zeros(parameters.max() + 1)
    found = _table(minimize(objective, start, jac=True, method="L-BFGS-B", options=options).x, parameters)
    return Calibration(found[:, :_K], found[:, _K] - found[:, _K].mean())


def log_probabilities(predictions: np.ndarray) -> np.ndarray:
    """Return the natural logarithms of probabilities (N, 6), of those below 1e-15 that of 1e-15, less their mean."""
    logs = np.log(np.maximum(predictions, SMALLEST))
    return np.asarray(logs - logs.mean(axis=1, keepdims=True))


def _table(deviations: np.ndarray, parameters: np.ndarray) -> np.ndarray:
    """Return W and b side by side, (6, 7)."""
    identity = np.column_stack([_DIAGONAL, np.zeros(_K)])
    return identity + np.where(parameters >= 0, deviations[parameters], 0)
