import jax.numpy as jnp
import keras
import numpy as np
import pytest

from hbac_assets.learning.backbones import build_classifier
from hbac_assets.learning.network import Network
from hbac_assets.learning.settings import MemberSettings

ARRAY = np.random.default_rng(0).normal(size=(5, 32, 32)).astype(np.float16)
IN_CHANNELS = np.stack([ARRAY.astype(np.float32)] * 3, axis=-1)


@pytest.fixture
def model(settings: MemberSettings) -> keras.Model:
    return build_classifier(settings.model_copy(update={"dropout": 0.0}))


def test_outside_training_it_gives_what_the_model_gives(model: keras.Model) -> None:
    network = Network(model)
    weights, images = jnp.asarray(network.weights()), jnp.asarray(ARRAY)
    probabilities, after = network(weights, network.non_trainable(), images, training=False)
    np.testing.assert_allclose(probabilities, model(IN_CHANNELS, training=False), atol=1e-5)
    for value, before in zip(after, network.non_trainable(), strict=True):
        np.testing.assert_array_equal(value, before)


def test_in_training_it_gives_what_the_model_gives_and_returns_what_that_changes(model: keras.Model) -> None:
    network = Network(model)
    weights, images = jnp.asarray(network.weights()), jnp.asarray(ARRAY)
    before = [np.array(value) for value in network.non_trainable()]
    probabilities, after = network(weights, network.non_trainable(), images, training=True)
    for value, unchanged in zip(network.non_trainable(), before, strict=True):
        np.testing.assert_array_equal(value, unchanged)
    np.testing.assert_allclose(probabilities, model(IN_CHANNELS, training=True), atol=1e-5)
    for value, expected in zip(after, network.non_trainable(), strict=True):
        np.testing.assert_allclose(value, expected, atol=1e-5)
    assert not all(np.array_equal(value, old) for value, old in zip(after, before, strict=True))


def test_values_that_are_put_in_come_out_again(model: keras.Model) -> None:
    network = Network(model)
    weights = jnp.arange(len(network.weights()), dtype=np.float32)
    non_trainable = [np.full(value.shape, 2, value.dtype) for value in network.non_trainable()]
    network.assign(weights, non_trainable)
    np.testing.assert_array_equal(network.weights(), weights)
    assert all((value == 2).all() for value in network.non_trainable())
    first = model.trainable_variables[0]
    np.testing.assert_array_equal(np.ravel(first.value), weights[: first.value.size])
