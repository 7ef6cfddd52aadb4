"""The plan of each epoch, made before training: its rows, their weights and order, its learning rates."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int, Int32

from hbac_assets.batches import full_batches
from hbac_assets.errors import HbacError
from hbac_assets.learning.balance import balancing_weights, draw_rows
from hbac_assets.learning.sample_weights import sample_weights
from hbac_assets.learning.schedules import learning_rate
from hbac_assets.learning.settings import MemberSettings, Stage


@dataclass(frozen=True)
class EpochPlan:
    """One epoch.

    Attributes:
        epoch: its number; the first is 1.
        rows: the indices of its training examples, (N,).
        weights: the sampling weight of each, (N,) of sum 1; None for once each.
        batch_size: rows of a step.
        seed: of the member; random draws depend on it and the number of the epoch or step.
        first_step: the number of its first step since training began.
        rates: the learning rate of each step, (steps,).
        stage: the number of its stage; the first is 1.
        sample_weights: the loss weight of every training example, with a mean of 1 over `rows`; None for 1 each.
    """

    epoch: int
    rows: Int[np.ndarray, " rows"]
    weights: Float[np.ndarray, " rows"] | None
    batch_size: int
    seed: int
    first_step: int
    rates: Float[np.ndarray, " steps"]
    stage: int = 1
    sample_weights: Float32[np.ndarray, " examples"] | None = None

    def batches(self) -> Int32[np.ndarray, "steps {self.batch_size}"]:
        """Return the rows of each step, int32 (steps, batch size)."""
        batches = shuffled_batches(len(self.rows), self.batch_size, self.seed, self.epoch, self.weights)
        return np.asarray(self.rows[batches], dtype=np.int32)


def plan_epochs(
    settings: MemberSettings,
    targets: Float[np.ndarray, "rows classes"],
    votes: Int[np.ndarray, " rows"] | None = None,
    eegs: Int[np.ndarray, " rows"] | None = None,
) -> Sequence[EpochPlan]:
    """Return a plan for each epoch of a member, stage after stage; epochs and steps are counted across stages.

    If any stage weights its rows, all plans have sample weights, so that one compiled program serves all stages.

    Args:
        settings: the member.
        targets: of the training examples, (N, 6).
        votes: the number of votes of each example, (N,); needed by a stage with `min_votes` or weights by votes.
        eegs: the EEG of each example, (N,); needed by a stage that draws one row per EEG.

    Raises:
        HbacError: no example has as many votes as a stage requires.
    """
    plans: list[EpochPlan] = []
    weighted = any(stage.sample_weight != "none" for stage in settings.all_stages)
    for number, stage in enumerate(settings.all_stages, start=1):
        eligible = _rows_of(stage, number, votes, len(targets))
        epochs, schedule = stage.epochs or settings.epochs, stage.schedule or settings.schedule
        for passed in range(epochs):
            epoch = len(plans) + 1
            rows = eligible if stage.draw == "all" else one_of_each(eegs, eligible, settings.seed, epoch)
            steps = -(-len(rows) // settings.batch_size)
            plan = EpochPlan(
                epoch=epoch,
                rows=rows,
                weights=balancing_weights(targets[rows]) if settings.rebalancing else None,
                batch_size=settings.batch_size,
                seed=settings.seed,
                first_step=plans[-1].first_step + len(plans[-1].rates) if plans else 0,
                rates=np.array([learning_rate(schedule, passed + step / steps, epochs) for step in range(steps)]),
                stage=number,
                sample_weights=sample_weights(stage.sample_weight, rows, votes, len(targets)) if weighted else None,
            )
            plans.append(plan)
    return plans


def one_of_each(
    eegs: Int[np.ndarray, " examples"] | None, rows: Int[np.ndarray, " rows"], seed: int, epoch: int
) -> Int[np.ndarray, " eegs"]:
    """Return one of the `rows` of each EEG, drawn uniformly and independently in each epoch.

    Args:
        eegs: the EEG of every training example.
        rows: the examples to draw from.
        seed: of the member.
        epoch: its number.
    """
    assert eegs is not None, "a stage that draws one row of each EEG needs the EEGs"
    order = np.random.default_rng([seed, epoch - 1, 1]).permutation(rows)
    _, first = np.unique(eegs[order], return_index=True)
    return np.sort(order[first])


def _rows_of(stage: Stage, number: int, votes: Int[np.ndarray, " rows"] | None, count: int) -> Int[np.ndarray, " some"]:
    """Return the indices, among `count` training examples, that a stage learns from."""
    if stage.min_votes == 1:
        return np.arange(count)
    assert votes is not None, "a stage that asks for votes needs their counts"
    rows = np.flatnonzero(votes >= stage.min_votes)
    if not len(rows):
        raise HbacError(
            f"stages: expected training rows with {stage.min_votes} or more votes for stage {number}, found at most "
            f"{votes.max()} votes on {count} rows; lower its min_votes"
        )
    return rows


def shuffled_batches(
    rows: int, batch_size: int, seed: int, epoch: int, weights: Float[np.ndarray, " {rows}"] | None = None
) -> Int[np.ndarray, "steps {batch_size}"]:
    """Return the indices into `rows` rows of each batch of an epoch, (steps, batch size).

    Each epoch has a new order; a partial last batch is filled from the beginning of that order. With `weights` (N,) of
    sum 1 rows occur in proportion to their weights; without, once each.
    """
    random = np.random.default_rng([seed, epoch - 1])
    order = random.permutation(np.arange(rows) if weights is None else draw_rows(weights, random))
    return full_batches(order, batch_size)
