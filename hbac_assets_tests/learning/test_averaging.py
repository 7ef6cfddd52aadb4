"""Steps with sample weights and with averaged weights, on a network small enough to compute by hand."""

from typing import Any

import jax
import keras
import numpy as np
import pytest

from hbac_assets.learning.backend import weights_drawn_by_numpy
from hbac_assets.learning.images import augment
from hbac_assets.learning.network import Network
from hbac_assets.learning.prediction import compile_forward
from hbac_assets.learning.settings import MemberSettings
from hbac_assets.learning.step import State, build_optimizer, compile_steps, initial_state

RATE, ROWS = 0.05, 8
RANDOM = np.random.default_rng(0)
SERIES = RANDOM.normal(size=(5, 1, ROWS, 4, 3)).astype(np.float16)
TARGETS = RANDOM.dirichlet(np.ones(6), size=(5, 1, ROWS)).astype(np.float32)
WEIGHTS = RANDOM.uniform(0.2, 3, size=(5, 1, ROWS)).astype(np.float32)


@pytest.fixture
def network() -> Network:
    """A network of series with batch normalisation, dropout (which has a generator's state) and six classes."""
    layers = keras.layers
    with weights_drawn_by_numpy():
        model = keras.Sequential(
            [
                keras.Input((4, 3)),
                layers.BatchNormalization(momentum=0.5),
                layers.Flatten(),
                layers.Dropout(0.3),
                layers.Dense(6, activation="softmax"),
            ]
        )
    return Network(model)


def member(**settings: object) -> MemberSettings:
    return MemberSettings.model_validate({"backbone": "mobilenet_v3_small", "batch_size": ROWS, **settings})


def after_each_step(network: Network, settings: MemberSettings, *batches: np.ndarray) -> list[tuple[State, float]]:
    optimizer = build_optimizer(network, settings.optimizer)
    steps = compile_steps(network, optimizer, settings)
    initial = initial_state(network, optimizer, averaged=settings.ema_decay is not None)
    state = jax.device_put(jax.tree.map(np.array, initial))  # copies: the memory of what goes in is used again
    found = []
    for number in range(len(SERIES)):
        batch = tuple(values[number] for values in batches)
        rates, seed = np.full(1, RATE, dtype=np.float32), np.uint32(1)
        state, losses = steps(state, batch, rates, seed, number, 1)
        copied: Any = jax.tree.map(np.array, state)
        found.append((copied, float(losses[0])))
    return found


def trained(network: Network) -> list[np.ndarray]:
    return [np.array(value) for value in network.non_trainable() if np.issubdtype(value.dtype, np.floating)]


def test_averages_of_weights_and_statistics_by_hand(network: Network) -> None:
    average, statistics = network.weights(), trained(network)
    plain = after_each_step(network, member(), SERIES, TARGETS)
    averaged = after_each_step(network, member(ema_decay=0.25), SERIES, TARGETS)
    for step, ((raw, _), (state, _)) in enumerate(zip(plain, averaged, strict=True)):
        np.testing.assert_allclose(state.weights, raw.weights, rtol=1e-5, atol=1e-7)
        kept = min(0.25, (1 + step) / (10 + step))
        average = kept * average + (1 - kept) * raw.weights
        running = [value for value in raw.non_trainable if np.issubdtype(value.dtype, np.floating)]
        statistics = [kept * one + (1 - kept) * value for one, value in zip(statistics, running, strict=True)]
        weights, non_trainable = state.evaluated
        np.testing.assert_allclose(weights, average, rtol=1e-5, atol=1e-6)
        found = [value for value in non_trainable if np.issubdtype(value.dtype, np.floating)]
        assert len(found) == 2 < len(non_trainable)
        for one, expected in zip(found, statistics, strict=True):
            np.testing.assert_allclose(one, expected, rtol=1e-5, atol=1e-6)
    assert not np.allclose(average, raw.weights, rtol=1e-2)


def test_without_averages_and_sample_weights_a_step_is_the_plain_one_bit_for_bit(network: Network) -> None:
    settings = member(augmentation={"mixup": {}, "time_mask": {}})
    optimizer = build_optimizer(network, settings.optimizer)

    @jax.jit
    def plain_step(weights: Any, non_trainable: Any, moments: Any, batch: Any, number: Any) -> Any:
        key = jax.random.fold_in(jax.random.key(np.uint32(1)), number)
        images = batch[0].astype(np.float32)
        images, targets = augment(key, images, batch[1], settings.augmentation, settings.preprocessing)

        def loss_of(weights: Any) -> Any:
            probabilities, after = network(weights, non_trainable, images, training=True)
            return keras.losses.KLDivergence()(targets, probabilities), after

        (loss, non_trainable), gradient = jax.value_and_grad(loss_of, has_aux=True)(weights)
        (weights,), moments = optimizer.stateless_apply(moments, [gradient], [weights])
        return weights, non_trainable, moments, loss

    weights, non_trainable, moments, _ = initial_state(network, optimizer)
    rate = next(place for place, one in enumerate(optimizer.variables) if one is optimizer.learning_rate)
    for number, (state, loss) in enumerate(after_each_step(network, settings, SERIES, TARGETS)):
        moments[rate] = np.float32(RATE)
        batch = SERIES[number, 0], TARGETS[number, 0]
        weights, non_trainable, moments, expected = plain_step(weights, non_trainable, moments, batch, number)
        np.testing.assert_array_equal(state.weights, weights)
        assert loss == expected
        for found, statistic in zip(state.non_trainable, non_trainable, strict=True):
            np.testing.assert_array_equal(found, statistic)


def test_without_a_decay_there_is_no_average(network: Network) -> None:
    (state, _), *_ = after_each_step(network, member(), SERIES, TARGETS)
    assert state.average is None
    assert state.evaluated == (state.weights, state.non_trainable)


def test_a_rows_loss_is_multiplied_by_its_weight(network: Network) -> None:
    (plain, _), *_ = after_each_step(network, member(), SERIES, TARGETS)
    (ones, _), *_ = after_each_step(network, member(), SERIES, TARGETS, np.ones_like(WEIGHTS))
    np.testing.assert_allclose(ones.weights, plain.weights, rtol=1e-6)
    only_first = np.zeros_like(WEIGHTS)
    only_first[..., 0] = 1
    others_spoilt = TARGETS.copy()
    others_spoilt[:, :, 1:] = np.eye(6)[0]
    (first, loss), *_ = after_each_step(network, member(), SERIES, TARGETS, only_first)
    (same, same_loss), *_ = after_each_step(network, member(), SERIES, others_spoilt, only_first)
    assert loss == same_loss
    np.testing.assert_array_equal(first.weights, same.weights)
    assert not np.allclose(first.weights, plain.weights, rtol=1e-3)


def test_mixup_blends_weights_as_it_blends_targets(network: Network) -> None:
    """The loss by hand, of a network that neither drops nor normalises, on what the batch is blended to."""
    with weights_drawn_by_numpy():
        flat = keras.layers.Flatten()
        network = Network(keras.Sequential([keras.Input((4, 3)), flat, keras.layers.Dense(6, activation="softmax")]))
    mixing = member(augmentation={"mixup": {"probability": 1.0}})
    start = network.weights()
    (_, loss), *_ = after_each_step(network, mixing, SERIES, TARGETS, WEIGHTS)
    key = jax.random.fold_in(jax.random.key(np.uint32(1)), 0)
    images = SERIES[0, 0].astype(np.float32)
    blended, targets = augment(key, images, TARGETS[0, 0], mixing.augmentation, mixing.preprocessing)
    weights = np.asarray(augment(key, images, WEIGHTS[0, 0][:, None], mixing.augmentation, mixing.preprocessing)[1])[
        :, 0
    ]
    probabilities = np.asarray(compile_forward(network)(start, network.non_trainable(), blended))
    divergences = (targets * np.log(targets / probabilities)).sum(axis=1)
    assert loss == pytest.approx(float((weights * divergences).mean()), rel=1e-4)
