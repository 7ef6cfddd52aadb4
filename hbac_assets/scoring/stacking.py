"""Stacking (Wolpert 1992, "Stacked generalization"): a small network learns from the members' predictions.

They must be out-of-fold predictions: models that saw a row's patient would look too good, and the network would favour
the member that overfits most. `nested` decides which rows it learns from.

The network's output is added to the logarithm of the members' mean and is 0 before training. So training starts from
the mean, early stopping falls back to it without improvement, and a ridge on the output keeps the blend near it,
whatever the number of members.
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hbac_assets.batches import full_batches
from hbac_assets.labels import CLASSES
from hbac_assets.scoring.convex import ConvexBlend, plain_mean
from hbac_assets.scoring.metric import kl_divergence
from hbac_assets.scoring.stacked_blend import BATCH_SIZE, StackedBlend, network_inputs, predict

if TYPE_CHECKING:
    import keras

# The Radboud report, which uses this stacking, gives only the patience. More weight for the consensus makes the network
# overconfident, which the competition's metric punishes.
PATIENCE = 20
CONSENSUS_WEIGHT = 0.1
HIDDEN = (64, 32)
LEARNING_RATE = 1e-3
HELD_OUT = 0.2  # of the patients
MOST_EPOCHS = 1000
RIDGE = 0.02  # of the squared added logits, in nats
SEED = 42


def stacked(
    predictions: np.ndarray, shares: np.ndarray, groups: np.ndarray, *, features: str
) -> StackedBlend | ConvexBlend:
    """Train the network on these rows, with early stopping on held-out patients.

    The loss is a weighted sum of the cross-entropy to the consensus and the Kullback-Leibler divergence from the vote
    fractions. (With the same target for both it would be a single loss, since their gradients are equal.) Early
    stopping monitors the divergence of held-out patients (patience 20) and restores the best weights,
    those before training included. With a single patient, fall back to the mean.

    Args:
        predictions: (M, N, 6) of M members.
        shares: (N, 6) vote fractions.
        groups: (N,) the patient of each row.
        features: a key of `FEATURES`.
    """
    watched = held_out_rows(groups)
    if watched.all():
        return plain_mean(predictions, shares, groups)
    inputs, start = network_inputs(features, predictions)
    rows = [inputs[~watched], start[~watched], consensus(shares[~watched]), shares[~watched].astype("float32")]
    network = _compiled(inputs.shape[1])

    def score(state: _State) -> float:
        blended = predict([np.asarray(part) for part in state.weights], inputs[watched], start[watched])
        return float(kl_divergence(shares[watched], blended).mean())

    state, best, best_score, best_epoch = network.state, network.state, score(network.state), -1
    for epoch in range(MOST_EPOCHS):
        for batch in _shuffled_batches(len(rows[0]), epoch):
            state = network.step(state, *(part[batch] for part in rows))
        if (reached := score(state)) < best_score:
            best, best_score, best_epoch = state, reached, epoch
        elif epoch - best_epoch >= PATIENCE:
            break
    return StackedBlend(features, [np.asarray(part) for part in best.weights])


def held_out_rows(groups: np.ndarray) -> np.ndarray:
    """Return the mask (N,) of the rows monitored for early stopping: all those of a fifth of the patients.

    At least one patient is monitored, and at least one is not, unless there is only one.
    """
    patients = np.random.default_rng([SEED, 0]).permutation(np.unique(groups))
    return np.asarray(np.isin(groups, patients[: max(1, round(HELD_OUT * len(patients)))]))


def consensus(shares: np.ndarray) -> np.ndarray:
    """Return (N, 6) float32: 1 for the class with the most votes, split equally in a tie."""
    most = shares == shares.max(axis=1, keepdims=True)
    return np.asarray(most / most.sum(axis=1, keepdims=True), dtype="float32")


def build_network(inputs: int) -> "keras.Model":
    """Return the network from (inputs,) features to (6,) logits, which are initially 0."""
    import keras

    def dense(units: int, activation: str, number: int) -> "keras.layers.Layer":
        draw = keras.initializers.GlorotUniform(seed=SEED + number)
        return keras.layers.Dense(units, activation, kernel_initializer=draw, dtype="float32", name=f"dense_{number}")

    hidden = [dense(units, "relu", number) for number, units in enumerate(HIDDEN)]
    last = keras.layers.Dense(len(CLASSES), kernel_initializer="zeros", dtype="float32", name=f"dense_{len(HIDDEN)}")
    return keras.Sequential([keras.Input((inputs,), name="features"), *hidden, last], name="stacking")


class _State(NamedTuple):
    weights: list[Any]
    optimizer: list[Any]


class _Network(NamedTuple):
    """The compiled training for one number of inputs, common to all networks of that size."""

    state: _State  # before the first step
    step: Callable[..., _State]  # (state, features, log mean, consensus, shares) -> state


@cache
def _compiled(inputs: int) -> _Network:
    import jax
    import keras

    model = build_network(inputs)
    optimizer = keras.optimizers.Adam(LEARNING_RATE)
    optimizer.build(model.trainable_variables)

    def loss(weights: list[Any], features: Any, start: Any, consensus: Any, shares: Any) -> Any:
        added = model.stateless_call(weights, [], features)[0]
        probabilities = jax.nn.softmax(start + added)
        entropy = keras.losses.categorical_crossentropy(consensus, probabilities)
        divergence = keras.losses.kl_divergence(shares, probabilities)
        fit = CONSENSUS_WEIGHT * entropy + (1 - CONSENSUS_WEIGHT) * divergence
        return (fit + RIDGE * (added**2).sum(axis=1)).mean()

    @jax.jit
    def step(state: _State, *rows: Any) -> _State:
        gradients = jax.grad(loss)(state.weights, *rows)
        return _State(*optimizer.stateless_apply(state.optimizer, gradients, state.weights))

    weights = [variable.value for variable in model.trainable_variables]
    return _Network(_State(weights, [variable.value for variable in optimizer.variables]), step)


def _shuffled_batches(rows: int, epoch: int) -> Iterator[np.ndarray]:
    """Yield the rows of each batch of an epoch in a new order; a partial last batch is filled from the beginning."""
    order = np.random.default_rng([SEED, 1, epoch]).permutation(rows)
    yield from full_batches(order, BATCH_SIZE)
