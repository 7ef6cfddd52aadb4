import keras
import numpy as np
import pytest

from hbac_assets.learning.network import Network
from hbac_assets.learning.settings import Optimizer
from hbac_assets.learning.step import build_optimizer

RATE = 0.01


def adam_by_hand(weights: np.ndarray, gradients: np.ndarray, settings: Optimizer) -> np.ndarray:
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    for step, gradient in enumerate(gradients, start=1):
        first = settings.beta_1 * first + (1 - settings.beta_1) * gradient
        second = settings.beta_2 * second + (1 - settings.beta_2) * gradient**2
        unbiased = first / (1 - settings.beta_1**step), second / (1 - settings.beta_2**step)
        weights = weights * (1 - RATE * settings.weight_decay)
        weights = weights - RATE * unbiased[0] / (np.sqrt(unbiased[1]) + 1e-7)
    return weights


@pytest.mark.parametrize(
    "settings",
    [Optimizer(), Optimizer(beta_1=0.5), Optimizer(beta_2=0.9), Optimizer(weight_decay=0.2)],
    ids=["default", "beta_1", "beta_2", "weight_decay"],
)
def test_three_steps_are_those_of_adam_by_hand(settings: Optimizer) -> None:
    network = Network(keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]))
    optimizer = build_optimizer(network, settings)
    optimizer.learning_rate = RATE
    weights = start = network.weights()
    moments = [variable.value for variable in optimizer.variables]
    gradients = np.random.default_rng(0).normal(size=(3, len(weights))).astype(np.float32)
    for gradient in gradients:
        (weights,), moments = optimizer.stateless_apply(moments, [gradient], [weights])
    np.testing.assert_allclose(weights, adam_by_hand(start, gradients, settings), rtol=1e-5, atol=1e-6)
