"""What each epoch of a training does, decided before the first one: its rows, their order, its learning rates."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Int32

from hbac_assets.batches import full_batches
from hbac_assets.learning.balance import balancing_weights, draw_rows
from hbac_assets.learning.schedules import learning_rate
from hbac_assets.learning.settings import MemberSettings


@dataclass(frozen=True)
class EpochPlan:
    """One epoch.

    Attributes:
        epoch: its number; the first is 1.
        rows: the training examples that it goes through, (N,).
        weights: how often each of them is drawn, (N,) of sum 1; None for once each.
        batch_size: rows of a step.
        seed: of the member; random draws follow from it and the number of epoch or step.
        first_step: the number of its first step since training began.
        rates: the learning rate of each step, (steps,).
    """

    epoch: int
    rows: Int[np.ndarray, " rows"]
    weights: Float[np.ndarray, " rows"] | None
    batch_size: int
    seed: int
    first_step: int
    rates: Float[np.ndarray, " steps"]

    def batches(self) -> Int32[np.ndarray, "steps {self.batch_size}"]:
        """Return the rows of each step, int32 (steps, batch size)."""
        batches = shuffled_batches(len(self.rows), self.batch_size, self.seed, self.epoch, self.weights)
        return np.asarray(self.rows[batches], dtype=np.int32)


def plan_epochs(settings: MemberSettings, targets: Float[np.ndarray, "rows classes"]) -> Sequence[EpochPlan]:
    """Return a plan for each epoch of a member, on training examples with these targets (N, 6)."""
    rows, size = np.arange(len(targets)), settings.batch_size
    weights = balancing_weights(targets) if settings.rebalancing else None
    steps = -(-len(rows) // size)
    plans = []
    for passed in range(settings.epochs):
        epochs = [passed + step / steps for step in range(steps)]
        rates = np.array([learning_rate(settings.schedule, number, settings.epochs) for number in epochs])
        plans.append(EpochPlan(passed + 1, rows, weights, size, settings.seed, passed * steps, rates))
    return plans


def shuffled_batches(
    rows: int, batch_size: int, seed: int, epoch: int, weights: Float[np.ndarray, " {rows}"] | None = None
) -> Int[np.ndarray, "steps {batch_size}"]:
    """Return the places of `rows` rows in each batch of an epoch, (steps, batch size).

    They come in a new order in each epoch; where they do not fill the last batch, the first of that order fill it. With
    `weights` (N,) of sum 1 a row comes as often as its weight says; without, each comes once.
    """
    random = np.random.default_rng([seed, epoch - 1])
    order = random.permutation(np.arange(rows) if weights is None else draw_rows(weights, random))
    return full_batches(order, batch_size)
