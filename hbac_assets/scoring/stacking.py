"""Stacking (Wolpert 1992, "Stacked generalization"): a small network learns from the members' predictions.

They must be out-of-fold predictions: those of models that saw a row's patient look better than they are, and the
network would trust the member that overfits most. Which rows it learns from is decided in `blending`; this module sees
only those.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hbac_assets.batches import full_batches
from hbac_assets.labels import CLASSES
from hbac_assets.scoring.convex import ConvexBlend, plain_mean
from hbac_assets.scoring.metric import kl_divergence

if TYPE_CHECKING:
    import keras

# The report that stacked so (Radboud) gives the patience alone. More weight for the consensus makes the network surer
# than the experts are, which the competition's metric punishes.
PATIENCE = 20
CONSENSUS_WEIGHT = 0.1
HIDDEN = (64, 32)
LEARNING_RATE = 1e-3
BATCH_SIZE = 64
HELD_OUT = 0.2  # of the patients
MOST_EPOCHS = 1000
SEED = 42


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
    """A trained network and what it is shown."""

    features: str
    """A key of `FEATURES`."""
    weights: list[np.ndarray]
    """Those of the network, in the order of its layers."""

    def __call__(self, predictions: np.ndarray) -> np.ndarray:
        """Turn the members' predictions (M, N, 6) into one (N, 6)."""
        inputs = FEATURES[self.features](predictions)
        return _predict(_compiled(inputs.shape[1]), self.weights, inputs)

    def model(self) -> "keras.Model":
        """Return the network as a Keras model, from the features to probabilities (6,)."""
        model = build_network(len(self.weights[0]))
        model.set_weights(self.weights)
        return model


def stacked(
    predictions: np.ndarray, shares: np.ndarray, groups: np.ndarray, *, features: str
) -> StackedBlend | ConvexBlend:
    """Train the network on these rows until the patients kept for that purpose no longer gain.

    The loss is the cross-entropy to the consensus and the Kullback-Leibler divergence from the vote shares, weighted.
    Both of the shares would be one loss, since cross-entropy and divergence from the same target have the same
    gradient. The divergence of the patients held out is what is watched: after 20 epochs without a lower one the
    training ends, and the weights of the lowest are kept. With one patient there is nobody to watch; then the
    members are averaged.

    Args:
        predictions: (M, N, 6) of M members.
        shares: (N, 6) vote shares.
        groups: (N,) the patient of each row.
        features: a key of `FEATURES`.
    """
    watched = held_out_rows(groups)
    if watched.all():
        return plain_mean(predictions, shares, groups)
    inputs = FEATURES[features](predictions).astype("float32")
    rows = (inputs[~watched], consensus(shares[~watched]), shares[~watched].astype("float32"))
    network = _compiled(inputs.shape[1])
    state, best, best_score, best_epoch = network.state, network.state, np.inf, 0
    for epoch in range(MOST_EPOCHS):
        for batch in _shuffled_batches(len(rows[0]), epoch):
            state = network.step(state, *(part[batch] for part in rows))
        score = kl_divergence(shares[watched], _predict(network, state.weights, inputs[watched])).mean()
        if score < best_score:
            best, best_score, best_epoch = state, score, epoch
        elif epoch - best_epoch >= PATIENCE:
            break
    return StackedBlend(features, [np.asarray(part) for part in best.weights])


def held_out_rows(groups: np.ndarray) -> np.ndarray:
    """Return which rows (N,) are watched for early stopping: all those of a fifth of the patients.

    At least one patient is watched, and at least one is not unless there is only one.
    """
    patients = np.random.default_rng([SEED, 0]).permutation(np.unique(groups))
    return np.asarray(np.isin(groups, patients[: max(1, round(HELD_OUT * len(patients)))]))


def consensus(shares: np.ndarray) -> np.ndarray:
    """Return (N, 6) float32: 1 for the class with the most votes; classes with equally many share it."""
    most = shares == shares.max(axis=1, keepdims=True)
    return np.asarray(most / most.sum(axis=1, keepdims=True), dtype="float32")


def build_network(inputs: int) -> "keras.Model":
    """Return the network from (inputs,) features to probabilities (6,), its weights drawn from a fixed seed."""
    import keras

    def dense(units: int, activation: str, number: int) -> "keras.layers.Layer":
        draw = keras.initializers.GlorotUniform(seed=SEED + number)
        return keras.layers.Dense(units, activation, kernel_initializer=draw, dtype="float32", name=f"dense_{number}")

    hidden = [dense(units, "relu", number) for number, units in enumerate(HIDDEN)]
    last = dense(len(CLASSES), "softmax", len(HIDDEN))
    return keras.Sequential([keras.Input((inputs,), name="features"), *hidden, last], name="stacking")


class _State(NamedTuple):
    weights: list[Any]
    optimizer: list[Any]


class _Network(NamedTuple):
    """The compiled network for one number of inputs, which all trainings with as many share."""

    state: _State  # before the first step
    step: Callable[..., _State]  # (state, inputs, consensus, shares) -> state
    forward: Callable[..., Any]  # (weights, inputs) -> probabilities


@cache
def _compiled(inputs: int) -> _Network:
    import jax
    import keras

    model = build_network(inputs)
    optimizer = keras.optimizers.Adam(LEARNING_RATE)
    optimizer.build(model.trainable_variables)

    def forward(weights: list[Any], inputs: Any) -> Any:
        return model.stateless_call(weights, [], inputs)[0]

    def loss(weights: list[Any], inputs: Any, consensus: Any, shares: Any) -> Any:
        probabilities = forward(weights, inputs)
        entropy = keras.losses.categorical_crossentropy(consensus, probabilities)
        divergence = keras.losses.kl_divergence(shares, probabilities)
        return (CONSENSUS_WEIGHT * entropy + (1 - CONSENSUS_WEIGHT) * divergence).mean()

    @jax.jit
    def step(state: _State, *rows: Any) -> _State:
        gradients = jax.grad(loss)(state.weights, *rows)
        return _State(*optimizer.stateless_apply(state.optimizer, gradients, state.weights))

    weights = [variable.value for variable in model.trainable_variables]
    return _Network(_State(weights, [variable.value for variable in optimizer.variables]), step, jax.jit(forward))


def _predict(network: _Network, weights: list[Any], inputs: np.ndarray) -> np.ndarray:
    """Return the probabilities (N, 6), in batches of one size, the last one filled up."""
    rows = full_batches(np.arange(len(inputs)), BATCH_SIZE)
    batches = [np.asarray(network.forward(weights, inputs[batch].astype("float32"))) for batch in rows]
    return np.concatenate([np.empty((0, len(CLASSES))), *batches])[: len(inputs)]


def _shuffled_batches(rows: int, epoch: int) -> Iterator[np.ndarray]:
    """Yield the rows of each batch of an epoch in a new order; the first ones fill up the last batch."""
    order = np.random.default_rng([SEED, 1, epoch]).permutation(rows)
    yield from full_batches(order, BATCH_SIZE)
