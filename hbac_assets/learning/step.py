"""The compiled training step, and what is drawn on the host for it: the order of the rows."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hbac_assets.batches import full_batches
from hbac_assets.learning.balance import draw_rows
from hbac_assets.learning.convolutions.replacing import fast_convolutions
from hbac_assets.learning.hyperparameters import set_variables
from hbac_assets.learning.images import augment, to_channels
from hbac_assets.learning.normalisation import centre, prepared
from hbac_assets.learning.settings import MemberSettings, Optimizer
from hbac_assets.learning.weights import flatten, unflatten

if TYPE_CHECKING:
    import keras
    from jax import Array


class State(NamedTuple):
    """All that a step changes, as arrays."""

    weights: Any  # the trainable ones, as one vector
    others: list[Any]  # statistics of the normalisations, states of the dropout generators
    optimizer: list[Any]


# (state, (images, targets), learning rate, seed, number of the step) -> (state, loss)
Step = Callable[..., tuple[State, "Array"]]


def build_optimizer(
    model: "keras.Model", settings: Optimizer, *, variable_rates: bool = False
) -> "keras.optimizers.Optimizer":
    """Return Adam (Kingma & Ba 2015, https://arxiv.org/abs/1412.6980) for all weights at once.

    With a weight decay it is AdamW (Loshchilov & Hutter 2019, https://arxiv.org/abs/1711.05101): each step first takes
    learning rate * weight decay off every trainable weight, those of biases and normalisations too.
    The learning rate is set at each step. With `variable_rates` the other settings are variables too.
    """
    import keras

    optimizer = keras.optimizers.Adam(
        beta_1=settings.beta_1, beta_2=settings.beta_2, weight_decay=settings.weight_decay or None
    )
    optimizer.build([keras.Variable(flatten(model))])
    if variable_rates:
        set_variables(optimizer, settings)
    return optimizer


def initial_state(model: "keras.Model", optimizer: "keras.optimizers.Optimizer") -> State:
    """Return the state before the first step."""
    others = [variable.value for variable in model.non_trainable_variables]
    return State(flatten(model), others, [variable.value for variable in optimizer.variables])


def compile_step(model: "keras.Model", optimizer: "keras.optimizers.Optimizer", settings: MemberSettings) -> Step:
    """Return one step of training: augment, predict, Kullback-Leibler loss, gradient, update.

    What differs between folds and seeds is an argument, so that they share one compiled program. The memory of the
    state that goes in is used for the one that comes out.
    """
    import jax
    import keras

    divergence = keras.losses.KLDivergence()
    variables = enumerate(optimizer.variables)
    rate_index = next(index for index, variable in variables if variable is optimizer.learning_rate)

    def loss_of(weights: "Array", others: Any, images: "Array", targets: "Array") -> tuple["Array", Any]:
        with fast_convolutions():
            probabilities, others = model.stateless_call(
                unflatten(weights, model), others, to_channels(images), training=True
            )
        return divergence(targets, probabilities), others

    @partial(jax.jit, donate_argnums=0)
    def step(state: State, batch: Any, rate: Any, seed: Any, number: Any) -> tuple[State, "Array"]:
        key = jax.random.fold_in(jax.random.key(seed), number)
        mean = centre(model, state.others)  # taken off meanwhile: augmentation hides pixels with zero
        images, targets = augment(key, prepared(model, batch[0]) - mean, batch[1], settings.augmentation)
        loss_and_gradient = jax.value_and_grad(loss_of, has_aux=True)
        (loss, others), gradient = loss_and_gradient(state.weights, state.others, images + mean, targets)
        # Without the barrier XLA would look up each weight's place among hundreds of parts, one by one.
        gradient = jax.lax.optimization_barrier(gradient)
        moments = [rate if index == rate_index else moment for index, moment in enumerate(state.optimizer)]
        (weights,), moments = optimizer.stateless_apply(moments, [gradient], [state.weights])
        return State(weights, others, moments), loss

    return step  # type: ignore[no-any-return]


def compile_gather() -> Callable[[Any, np.ndarray], Any]:
    """Return a function that takes rows of arrays on the device.

    It is not part of the step, into which no number of rows shall enter.
    """
    import jax

    return jax.jit(  # type: ignore[no-any-return]
        lambda arrays, indices: jax.tree.map(lambda array: array[indices], arrays)
    )


def shuffled_batches(
    rows: int, batch_size: int, seed: int, epoch: int, weights: np.ndarray | None = None
) -> Iterator[np.ndarray]:
    """Yield the indices of each batch of an epoch.

    The rows come in a new order; where they do not fill the last batch, the first of that order fill it. With `weights`
    (N,) of sum 1 a row comes as often as its weight says; without, each comes once.
    """
    random = np.random.default_rng([seed, epoch])
    order = random.permutation(np.arange(rows) if weights is None else draw_rows(weights, random))
    yield from full_batches(order, batch_size).astype(np.int32)
