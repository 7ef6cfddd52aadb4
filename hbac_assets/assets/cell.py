"""Training of one cell of the grid: from rows to a sealed folder with the model, every epoch logged to MLflow.

The training loop is in `learning.training`; `trained_models` decides which cells are trained, and when.
"""

import logging
import os
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import pandas as pd

from hbac_assets.assets.prediction import configure_device, member_images
from hbac_assets.assets.usage import Usage
from hbac_assets.learning import device
from hbac_assets.lineage import Cell, Lineage
from hbac_assets.resources.accelerator import Accelerator
from hbac_assets.resources.store import Store
from hbac_assets.resources.tracked_run import TrackedRun
from hbac_assets.results.cells import figures
from hbac_assets.results.history import HISTORY, epochs_table, lowest_epoch, read_history
from hbac_assets.store.tables import read_table

if TYPE_CHECKING:
    from hbac_assets.learning.epoch_plans import EpochPlan
    from hbac_assets.learning.training import EpochRecord, Examples, StepsDone

FIRST_STEPS_SECONDS, STEPS_SECONDS = 5.0, 30.0
"""Seconds before the first line about an epoch's steps, and between such lines."""


def train(
    cell: Cell,
    lineage: Lineage,
    accelerator: Accelerator,
    store: Store,
    tracked: TrackedRun,
    log: logging.Logger,
) -> None:
    """Train a cell and seal its folder; the caller holds a device.

    Raises:
        HbacError: an input is missing or damaged, the folder cannot be written, or memory does not suffice.
    """
    from hbac_assets.learning import training

    began = time.monotonic()
    artifact, settings = lineage.cell(cell), lineage.experiment.members[cell.member]
    rows = read_table(lineage.folds)
    held_out = (rows["fold"] == cell.fold).to_numpy()
    configure_device(accelerator, store)
    every = examples(rows, lineage, cell.member, log)
    learned, validated = every.subset(~held_out), every.subset(held_out)
    plans = learned.plans(settings)

    usage = Usage()

    def on_epoch(record: "EpochRecord") -> None:
        tracked.log_epochs(epochs_table([record]))
        tracked.log_metrics(usage.since_last(), record.epoch)
        log.info(epoch_line(cell, record, plans))

    log.info(f"{_name(cell)}: compiling")
    with device.enough_memory(_name(cell), settings.batch_size):
        result = training.train_cell(
            settings,
            learned,
            validated,
            artifact.path,
            on_epoch=on_epoch,
            on_steps=StepLines(_name(cell), plans, log),
            inputs=artifact.inputs,
        )
    seconds = time.monotonic() - began
    artifact.seal(
        parameters=asdict(result.parameters),
        training_rows=int((~held_out).sum()),
        validation_rows=int(held_out.sum()),
        seconds=seconds,
        environment=environment(accelerator),
    )
    log.info(f"{_name(cell)}: trained in {seconds:.0f} s, validation loss {figures(lineage, cell)['val_loss']:.4f}")


def forget_progress(cell: Cell, lineage: Lineage) -> None:
    """Delete the checkpoint of a sealed cell; before sealing, a killed training needs it to resume."""
    from hbac_assets.learning.checkpoint import checkpoint_of

    checkpoint_of(lineage.cell(cell).path).unlink(missing_ok=True)


def log_to_mlflow(cell: Cell, lineage: Lineage, tracked: TrackedRun) -> bytes:
    """Bring a trained cell's MLflow run up to date and return the picture of its loss curves as PNG."""
    from hbac_assets.learning.pictures import LOSS_SENTENCE, loss_curves
    from hbac_assets.learning.prediction import MODELS, load_model

    artifact, scored = lineage.cell(cell), lineage.experiment.members[cell.member].scored_epoch
    facts, history = figures(lineage, cell), read_history(lineage, cell)
    lowest = int(lowest_epoch(history)["epoch"])
    curves = loss_curves(history, facts["scored_epoch"], lowest, title=f"{cell.member}, fold {cell.fold}")
    tracked.log_epochs(history)
    tracked.log_params({f"parameters.{name}": count for name, count in facts["parameters"].items()})
    tracked.log_metrics({"scored_val_loss": facts["val_loss"]})
    tracked.log_table(history, HISTORY)
    tracked.log_picture(curves, "loss_curves.png", LOSS_SENTENCE)
    tracked.log_model(load_model(artifact.path / MODELS[scored]), cell.key)
    return curves


def examples(rows: pd.DataFrame, lineage: Lineage, member: str, log: logging.Logger) -> "Examples":
    """Return a member's images and targets of rows."""
    from hbac_assets.learning.training import Examples

    images = member_images(lineage, member, rows, log)
    return Examples.of_rows(rows, images, lineage.experiment.members[member])


def epoch_line(cell: Cell, record: "EpochRecord", plans: "Sequence[EpochPlan]") -> str:
    """Return the log line of a finished epoch; the stage is named where there are several.

    Args:
        cell: that is trained.
        record: of the epoch.
        plans: of all epochs of the training.
    """
    return (
        f"{_name(cell)}: {_epoch(plans, record.epoch)}, loss {record.loss:.4f}, val_loss {record.val_loss:.4f}, "
        f"{record.images_per_second:.0f} images/s, {seconds_left(plans, record):.0f} s left"
    )


def seconds_left(plans: "Sequence[EpochPlan]", record: "EpochRecord") -> float:
    """Return the time left after the epoch of `record`, in s, if steps and validations take as long as in it.

    The epochs of a later stage may have fewer steps, but each validates all held-out rows.
    """
    steps = [len(plan.rates) for plan in plans]
    step = plans[0].batch_size / record.images_per_second
    validation = max(0.0, record.seconds - steps[record.epoch - 1] * step)
    return sum(steps[record.epoch :]) * step + (len(plans) - record.epoch) * validation


class StepLines:
    """Logs the compilation time of a cell's program and, within long epochs, the progress."""

    def __init__(self, name: str, plans: "Sequence[EpochPlan]", log: logging.Logger) -> None:
        """Begin before compilation; `name` is the cell's, `plans` are those of all its epochs."""
        self._name, self._plans, self._log = name, plans, log
        self._next = 0.0  # the time of the next line; 0 before the first program

    def __call__(self, steps: "StepsDone") -> None:
        """Record the steps done."""
        from hbac_assets.learning.compilation_clock import compilation_clock

        now = time.monotonic()
        if not self._next:
            self._log.info(f"{self._name}: compiled in {compilation_clock().seconds:.0f} s")
            self._next = now + FIRST_STEPS_SECONDS
        elif now >= self._next:
            self._log.info(self._line(steps))
            self._next = now + STEPS_SECONDS

    def _line(self, steps: "StepsDone") -> str:
        rate = steps.done / steps.seconds
        later = sum(len(plan.rates) for plan in self._plans[steps.epoch :])
        return (
            f"{self._name}: {_epoch(self._plans, steps.epoch)}, {steps.done} of {steps.total} steps, "
            f"{rate * self._plans[0].batch_size:.0f} images/s, {(steps.total - steps.done + later) / rate:.0f} s left"
        )


def _epoch(plans: "Sequence[EpochPlan]", epoch: int) -> str:
    """Return the number of the epoch, and of the stage if there are several."""
    stages = plans[-1].stage
    return f"epoch {epoch}/{len(plans)}" + (f", stage {plans[epoch - 1].stage}/{stages}" if stages > 1 else "")


def _name(cell: Cell) -> str:
    return f"{cell.member} fold {cell.fold}"


def visible_cores() -> int | None:
    """Return the number of cores that this process may use; the bits of a training depend on it."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def environment(accelerator: Accelerator) -> dict[str, object]:
    """Return everything besides the inputs on which the bits of the result depend."""
    import jax
    import keras

    return {
        "device": jax.devices()[0].device_kind,
        "devices": jax.device_count(),
        "precision": accelerator.chosen_precision(),
        "cores": visible_cores(),
        "jax": jax.__version__,
        "keras": keras.__version__,
    }
