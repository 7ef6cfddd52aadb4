"""Calibration of predictions: logits are scaled and shifted to fit the votes.

All kinds are special cases of softmax(W·log q + b), with more or fewer free entries of W and b. The mean KL divergence
is convex in them (in the inverse temperature), so that the minimum is unique.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hbac_assets.labels import CLASSES
from hbac_assets.scoring.metric import SMALLEST

NONE = "none"

RIDGE = 1.0
"""Weight of the squared deviations from the identity relative to the sum of divergences: a unit normal prior."""

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
    """Return (6, 7): for each entry of W and b the index of its free parameter, -1 for none."""
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
"""The free parameters by name: one temperature (Guo et al. 2017, "On calibration of modern neural networks"), also with
a bias for each class; a scale and a bias for each class; all of W and b (Kull et al. 2019, "Beyond temperature scaling:
obtaining well-calibrated multi-class probabilities with Dirichlet calibration")."""

# The others have many parameters and are used only on request, for badly calibrated models.
CANDIDATES = (NONE, "temperature", "temperature_bias")


def learned_calibration(kind: str, predictions: np.ndarray, shares: np.ndarray) -> Calibration:
    """Fit the calibration of lowest mean KL divergence on these rows, with a small ridge towards the identity.

    The predictions must not have been fitted on these rows: they would look too good there, and the calibration would
    make them overconfident. Without rows the identity is returned.

    Args:
        kind: a key of `CALIBRATIONS`.
        predictions: (N, 6) probabilities.
        shares: (N, 6) vote fractions.
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
    """Return the natural logarithms of probabilities (N, 6) clipped at 1e-15, minus their mean."""
    logs = np.log(np.maximum(predictions, SMALLEST))
    return np.asarray(logs - logs.mean(axis=1, keepdims=True))


def _table(deviations: np.ndarray, parameters: np.ndarray) -> np.ndarray:
    """Return W and b side by side, (6, 7)."""
    identity = np.column_stack([_DIAGONAL, np.zeros(_K)])
    return identity + np.where(parameters >= 0, deviations[parameters], 0)
