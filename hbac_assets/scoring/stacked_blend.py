"""A trained stacking network and its features, as a blend.

Training belongs to `stacking`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from hbac_assets.batches import full_batches
from hbac_assets.scoring.metric import SMALLEST

BATCH_SIZE = 64


def statistics(predictions: np.ndarray) -> np.ndarray:
    """Return (N, 30): minimum, maximum, mean, standard deviation and median over the members (M, N, 6), by class."""
    return np.concatenate([summary(predictions, axis=0) for summary in (np.min, np.max, np.mean, np.std, np.median)], 1)


def side_by_side(predictions: np.ndarray) -> np.ndarray:
    """Return (N, 6·M): the predictions of all members (M, N, 6), one member after the other."""
    return np.concatenate(list(predictions), axis=1)


FEATURES: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "statistics": statistics,
    "predictions": side_by_side,
    "both": lambda predictions: np.concatenate([statistics(predictions), side_by_side(predictions)], axis=1),
}


@dataclass(frozen=True)
class StackedBlend:
    """A trained network and its features."""

    features: str
    """A key of `FEATURES`."""
    weights: list[np.ndarray]
    """The network's weights, in the order of its layers."""

    def __call__(self, predictions: np.ndarray) -> np.ndarray:
        """Turn the members' predictions (M, N, 6) into one (N, 6)."""
        return predict(self.weights, *network_inputs(self.features, predictions))


@dataclass(frozen=True)
class NetworkBlend:
    """The same, for a network given as a function."""

    features: str
    """A key of `FEATURES`."""
    network: Callable[[np.ndarray], np.ndarray]
    """From features float32 (N, inputs) to the addition to the log of the mean (N, 6)."""

    def __call__(self, predictions: np.ndarray) -> np.ndarray:
        """Turn the members' predictions (M, N, 6) into one (N, 6)."""
        from scipy.special import softmax

        features, log_mean = network_inputs(self.features, predictions)
        return np.asarray(softmax((log_mean + self.network(features)).astype("float64"), axis=1))


def network_inputs(features: str, predictions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the network's features (N, inputs) and the log of the mean (N, 6), in single precision."""
    log_mean = np.log(np.maximum(predictions.mean(axis=0), SMALLEST))
    return FEATURES[features](predictions).astype("float32"), log_mean.astype("float32")


def predict(weights: list[np.ndarray], features: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Return the probabilities (N, 6), in batches of equal size, so that a row's bits do not depend on other rows."""
    from scipy.special import softmax

    logits = [start[:0]]
    for batch in full_batches(np.arange(len(features)), BATCH_SIZE):
        values = features[batch]
        for kernel, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
            values = np.maximum(values @ kernel + bias, 0)
        logits.append(start[batch] + values @ weights[-2] + weights[-1])
    return np.asarray(softmax(np.concatenate(logits)[: len(features)].astype("float64"), axis=1))
