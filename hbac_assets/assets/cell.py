"""Training one cell of the grid: rows in, a sealed folder with the model out, every epoch in MLflow.

The training loop itself is `learning.training`; which cells are trained, and when, is decided in `trained_models`.
"""

import logging
import os
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pandas as pd

from hbac_assets.assets.prediction import configure_device, member_images
from hbac_assets.learning import device
from hbac_assets.lineage import Cell, Lineage
from hbac_assets.resources.accelerator import Accelerator
from hbac_assets.resources.store import Store
from hbac_assets.resources.tracking import TrackedRun
from hbac_assets.store.tables import read_table

if TYPE_CHECKING:
    from hbac_assets.learning.settings import MemberSettings
    from hbac_assets.learning.training import EpochRecord, Examples, StepsDone

HISTORY = "history.csv"
FIRST_STEPS_SECONDS, STEPS_SECONDS = 5.0, 30.0
"""From the first program of an epoch to the first line about its steps, and between such lines."""


def train(
    cell: Cell,
    lineage: Lineage,
    accelerator: Accelerator,
    store: Store,
    tracked: TrackedRun,
    log: logging.Logger,
) -> None:
    """Train a cell and seal its folder; call while holding a device.

    Raises:
        HbacError: an input is missing or broken, the folder cannot be written, or memory does not suffice.
    """
    from hbac_assets.learning import training

    began = time.monotonic()
    artifact, settings = lineage.cell(cell), lineage.experiment.members[cell.member]
    rows = read_table(lineage.folds)
    held_out = (rows["fold"] == cell.fold).to_numpy()
    configure_device(accelerator, store)
    every = examples(rows, lineage, cell.member, log)

    def on_epoch(record: "EpochRecord") -> None:
        tracked.log_epochs(pd.DataFrame([asdict(record)]))
        log.info(epoch_line(cell, record, settings.epochs))

    log.info(f"{_name(cell)}: compiling")
    with device.enough_memory(_name(cell), settings.batch_size):
        result = training.train_cell(
            settings,
            every.subset(~held_out),
            every.subset(held_out),
            artifact.path,
            on_epoch=on_epoch,
            on_steps=StepLines(_name(cell), settings, log),
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
    """Delete the checkpoint of a sealed cell: until then, a killed training could not have gone on without it."""
    from hbac_assets.learning.checkpoint import checkpoint_of

    checkpoint_of(lineage.cell(cell).path).unlink(missing_ok=True)


def log_to_mlflow(cell: Cell, lineage: Lineage, tracked: TrackedRun) -> bytes:
    """Bring a trained cell's MLflow run up to date and return the picture of its loss curves as PNG."""
    from hbac_assets.learning.pictures import loss_curves
    from hbac_assets.learning.prediction import MODELS, load_model

    artifact, scored = lineage.cell(cell), lineage.experiment.members[cell.member].scored_epoch
    facts, history = figures(lineage, cell), read_history(lineage, cell)
    curves = loss_curves(history, title=f"{cell.member}, fold {cell.fold}")
    tracked.log_epochs(history)
    tracked.log_params({f"parameters.{name}": count for name, count in facts["parameters"].items()})
    tracked.log_metrics({"scored_val_loss": facts["val_loss"]})
    tracked.log_table(history, HISTORY)
    tracked.log_picture(curves, "loss_curves.png")
    tracked.log_model(load_model(artifact.path / MODELS[scored]), cell.key)
    return curves


def figures(lineage: Lineage, cell: Cell) -> dict[str, Any]:
    """Return what is known of a trained cell: what its training recorded, `scored_epoch` and the `val_loss` of that.

    Which epoch is scored is looked up in the history: it can change without another training.
    """
    history = read_history(lineage, cell)
    best = lineage.experiment.members[cell.member].scored_epoch == "best"
    scored = history.iloc[int(history["val_loss"].argmin()) if best else -1]
    chosen = {"scored_epoch": int(scored["epoch"]), "val_loss": float(scored["val_loss"])}
    return {**lineage.cell(cell).facts(), **chosen}


def read_history(lineage: Lineage, cell: Cell) -> pd.DataFrame:
    """Return the epochs of a trained cell, a row for each `EpochRecord`, with the very numbers of its training."""
    return pd.read_csv(lineage.cell(cell).path / HISTORY, converters={"val_loss": float})


def examples(rows: pd.DataFrame, lineage: Lineage, member: str, log: logging.Logger) -> "Examples":
    """Return images and targets of rows as a member sees them."""
    from hbac_assets.learning.targets import targets
    from hbac_assets.learning.training import Examples

    target = lineage.experiment.members[member].target
    return Examples(member_images(lineage, member, rows, log), targets(rows, target))


def epoch_line(cell: Cell, record: "EpochRecord", epochs: int) -> str:
    """Return the log line of an epoch."""
    left = (epochs - record.epoch) * record.seconds
    return (
        f"{_name(cell)}: epoch {record.epoch}/{epochs}, loss {record.loss:.4f}, "
        f"val_loss {record.val_loss:.4f}, {record.images_per_second:.0f} images/s, {left:.0f} s left"
    )


class StepLines:
    """Logs how long a cell's program took to compile and, within an epoch that takes long, how far that is."""

    def __init__(self, name: str, settings: "MemberSettings", log: logging.Logger) -> None:
        """Begin with a program that is not compiled; `name` is the cell's."""
        self._name, self._settings, self._log = name, settings, log
        self._next = 0.0  # the time of the next line; 0 before the first program

    def __call__(self, steps: "StepsDone") -> None:
        """Take note of the steps that are done."""
        from hbac_assets.learning.compilation_clock import compilation_clock

        now = time.monotonic()
        if not self._next:
            self._log.info(f"{self._name}: compiled in {compilation_clock().seconds:.0f} s")
            self._next = now + FIRST_STEPS_SECONDS
        elif now >= self._next:
            self._log.info(self._line(steps))
            self._next = now + STEPS_SECONDS

    def _line(self, steps: "StepsDone") -> str:
        epochs, rate = self._settings.epochs, steps.done / steps.seconds
        left = (steps.total - steps.done + (epochs - steps.epoch) * steps.total) / rate
        return (
            f"{self._name}: epoch {steps.epoch}/{epochs}, {steps.done} of {steps.total} steps, "
            f"{rate * self._settings.batch_size:.0f} images/s, {left:.0f} s left"
        )


def _name(cell: Cell) -> str:
    return f"{cell.member} fold {cell.fold}"


def environment(accelerator: Accelerator) -> dict[str, object]:
    """Return what the bits of the result depend on besides the inputs."""
    import jax
    import keras

    return {
        "device": jax.devices()[0].device_kind,
        "devices": jax.device_count(),
        "precision": accelerator.chosen_precision(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "jax": jax.__version__,
        "keras": keras.__version__,
    }
