"""The compiled training steps, and their loop over an epoch."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import Float32

from hbac_assets.learning.arrays import Array
from hbac_assets.learning.averaging import Average, average_of
from hbac_assets.learning.device import on_device
from hbac_assets.learning.epoch_plans import EpochPlan
from hbac_assets.learning.hyperparameters import set_variables
from hbac_assets.learning.image_source import Images
from hbac_assets.learning.images import augment
from hbac_assets.learning.network import Network
from hbac_assets.learning.normalisation import dataset_mean
from hbac_assets.learning.parallel import replicated
from hbac_assets.learning.settings import MemberSettings, Optimizer

if TYPE_CHECKING:
    import keras


class State(NamedTuple):
    """Everything that a step changes, as arrays."""

    weights: Any  # the trainable ones, as one vector
    non_trainable: list[Any]  # statistics of normalisations, states of dropout generators
    optimizer: list[Any]
    average: Average | None = None  # for a member with `ema_decay`

    @property
    def evaluated(self) -> tuple[Any, list[Any]]:
        """The weights for validation, storage and prediction, and their non-trainable variables."""
        if self.average is None:
            return self.weights, self.non_trainable
        return self.average.weights, self.average.completed(self.non_trainable)

    @property
    def raw(self) -> "State":
        """The state without its average, to evaluate the raw weights."""
        return self._replace(average=None)

    def with_statistics(self, non_trainable: list[Any]) -> "State":
        """Return the state with other non-trainable variables for the evaluated weights."""
        if self.average is None:
            return self._replace(non_trainable=non_trainable)
        return self._replace(average=self.average.with_statistics(non_trainable))


# (state, (images (K, B, H, W), targets (K, B, 6)[, sample weights (K, B)]), learning rates (K,), seed, number of the
# first step, count) -> (state, losses (K,))
Steps = Callable[..., tuple[State, Array]]

STEPS_AT_ONCE = {"cpu": 1, "gpu": 16}
"""Steps per program, K. On a GPU, whose steps take milliseconds, a larger K relieves the host. On CPU, K=1: inside
`fori_loop` XLA picks layouts without a fast convolution-gradient kernel (2 × slower)."""


def build_optimizer(
    network: Network, settings: Optimizer, *, variable_rates: bool = False
) -> "keras.optimizers.Optimizer":
    """Return Adam (Kingma & Ba 2015, https://arxiv.org/abs/1412.6980) for all weights at once.

    With weight decay it is AdamW (Loshchilov & Hutter 2019, https://arxiv.org/abs/1711.05101): each step first shrinks
    every trainable weight, including biases and normalisations, by the fraction learning rate * weight decay.
    The learning rate is set at each step. With `variable_rates` the other settings are also variables.
    """
    import keras

    optimizer = keras.optimizers.Adam(
        beta_1=settings.beta_1, beta_2=settings.beta_2, weight_decay=settings.weight_decay or None
    )
    optimizer.build([keras.Variable(network.weights())])
    if variable_rates:
        set_variables(optimizer, settings)
    return optimizer


def initial_state(network: Network, optimizer: "keras.optimizers.Optimizer", *, averaged: bool = False) -> State:
    """Return the state before the first step, with the weights' average if `averaged`."""
    weights, non_trainable = network.weights(), network.non_trainable()
    average = average_of(weights, non_trainable) if averaged else None
    return State(weights, non_trainable, [variable.value for variable in optimizer.variables], average)


def compile_steps(network: Network, optimizer: "keras.optimizers.Optimizer", settings: MemberSettings) -> Steps:
    """Return a program of training steps: augment, predict, Kullback-Leibler loss, gradient, update.

    The loss is the mean over the batch of the rows' losses, each multiplied by its sample weight if there are any.
    Everything that differs between folds and seeds is an argument, so that they share one compiled program, including
    the number of the K steps to run, which may be fewer at the end of an epoch. The memory of the input state is
    donated to the output.
    """
    import jax
    import jax.numpy as jnp
    import keras

    divergence = keras.losses.KLDivergence()
    variables = enumerate(optimizer.variables)
    rate_index = next(index for index, variable in variables if variable is optimizer.learning_rate)

    def loss_of(
        weights: Array, non_trainable: Any, images: Array, targets: Array, sample_weight: Array | None
    ) -> tuple[Array, Any]:
        probabilities, non_trainable = network(weights, non_trainable, images, training=True)
        return divergence(targets, probabilities, sample_weight), non_trainable

    def step(state: State, batch: Any, rate: Any, seed: Any, number: Any) -> tuple[State, Array]:
        key = jax.random.fold_in(jax.random.key(seed), number)
        # Subtracted during augmentation, which hides pixels with zero.
        mean = dataset_mean(network.model, state.non_trainable)
        images, targets, *weight = batch
        # As an additional column, sample weights are blended like the targets.
        columns = jnp.column_stack([targets, *weight]) if weight else targets
        around_zero = images.astype(jnp.float32) - mean
        images, columns = augment(key, around_zero, columns, settings.augmentation, settings.preprocessing)
        targets, sample_weight = (columns[:, :-1], columns[:, -1]) if weight else (columns, None)
        loss_and_gradient = jax.value_and_grad(loss_of, has_aux=True)
        (loss, non_trainable), gradient = loss_and_gradient(
            state.weights, state.non_trainable, images + mean, targets, sample_weight
        )
        # Without the barrier XLA would look up the part of each weight among hundreds, one by one.
        gradient = jax.lax.optimization_barrier(gradient)
        moments = [rate if index == rate_index else moment for index, moment in enumerate(state.optimizer)]
        (weights,), moments = optimizer.stateless_apply(moments, [gradient], [state.weights])
        average = state.average
        if average is not None and settings.ema_decay is not None:
            average = average.updated(weights, non_trainable, number, settings.ema_decay)
        return State(weights, non_trainable, moments, average), loss

    @partial(jax.jit, donate_argnums=0, out_shardings=replicated())
    def steps(state: State, batches: Any, rates: Array, seed: Any, first: Any, count: Any) -> tuple[State, Array]:
        def do(number: Any, done: tuple[State, Array]) -> tuple[State, Array]:
            batch = jax.tree.map(lambda arrays: arrays[number], batches)
            state, loss = step(done[0], batch, rates[number], seed, first + number)
            return state, done[1].at[number].set(loss)

        begun = state, jnp.zeros(len(rates))
        return do(0, begun) if len(rates) == 1 else jax.lax.fori_loop(0, count, do, begun)

    return steps


def train_epoch(
    steps: Steps,
    state: State,
    images: Images,
    targets: Float32[np.ndarray, "rows 6"],
    plan: EpochPlan,
    on_steps: Callable[[int], None] = lambda done: None,
) -> tuple[State, Float32[np.ndarray, " steps"]]:
    """Return the state after an epoch, and the loss of each of its steps.

    `steps` is a program of `compile_steps`. One call is dispatched ahead of the running one, and no more, since the
    batches of all dispatched calls take memory. `on_steps` is called with the number of dispatched steps.
    """
    import jax

    at_once = STEPS_AT_ONCE[jax.default_backend()]
    rows, rates = plan.batches(), plan.rates.astype(np.float32)
    total = len(rows)
    programs = -(-total // at_once)
    chunks = np.minimum(np.arange(programs * at_once), total - 1).reshape(programs, at_once)  # padding is not run
    losses: list[Any] = []
    for chunk, chunk_images in zip(chunks, images.batches(rows[chunk] for chunk in chunks), strict=True):
        weights = () if plan.sample_weights is None else (plan.sample_weights[rows[chunk]],)
        batches = chunk_images, targets[rows[chunk]], *weights
        first, count = plan.first_step + int(chunk[0]), min(at_once, total - int(chunk[0]))
        state, found = steps(state, *on_device((batches, rates[chunk], np.uint32(plan.seed), first, count)))
        losses.append(found)
        jax.block_until_ready(losses[-2:-1])
        on_steps(int(chunk[0]) + count)
    return state, np.concatenate(jax.device_get(losses))[:total]
