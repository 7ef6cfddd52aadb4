"""The checkpoint of an unfinished training: written after each epoch, read on resumption."""

from dataclasses import astuple, dataclass, field, replace
from math import nan
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from hbac_assets.learning.step import State
from hbac_assets.store.files import atomic_write

ENTRY_BYTES = 512
"""Bytes of an array in an npz file besides its values: headers of the array and of the archive."""


@dataclass(frozen=True)
class EpochRecord:
    """The record of a finished epoch."""

    epoch: int  # the first is 1
    loss: float  # mean over the epoch's batches, on augmented images
    val_loss: float
    learning_rate: float  # of the epoch's last step
    seconds: float  # with validation, without compilation
    images_per_second: float  # training only
    stage: int = 1  # the first is 1
    raw_val_loss: float = nan  # of the raw weights if their average is validated, at the end of a stage


@dataclass
class Progress:
    """Everything on which the next epoch depends, and the weights of the epoch with the lowest validation loss."""

    state: State
    best: State
    history: list[EpochRecord] = field(default_factory=list)

    @property
    def best_epoch(self) -> int:
        """The first epoch with the lowest validation loss."""
        return min(self.history, key=lambda record: (record.val_loss, record.epoch)).epoch

    @property
    def epochs(self) -> int:
        """The number of the last finished epoch; 0 before the first."""
        return self.history[-1].epoch if self.history else 0

    def epochs_without_improvement(self, stage: int) -> int:
        """Return the number of finished epochs of a stage since its lowest validation loss."""
        losses = [record.val_loss for record in self.history if record.stage == stage]
        return len(losses) - 1 - losses.index(min(losses)) if losses else 0

    def add(self, record: EpochRecord) -> None:
        """Add a finished epoch, and keep a copy of the evaluated weights if it is the best so far."""
        self.history.append(record)
        if self.best_epoch == record.epoch:
            weights, non_trainable = self.state.evaluated
            self.best = State(np.array(weights), [np.array(value) for value in non_trainable], [])


def checkpoint_of(folder: Path) -> Path:
    """Return the path of a training's checkpoint: beside its folder, which holds the finished files."""
    return folder.with_name(f"{folder.name}.checkpoint.npz")


def initial_progress(state: State) -> Progress:
    """Return the progress before the first epoch."""
    return Progress(state, State(state.weights, state.non_trainable, []))


def save_checkpoint(path: Path, identity: str, progress: Progress) -> None:
    """Write `progress` of the training `identity`."""
    import jax

    leaves = jax.tree.leaves((progress.state, progress.best))
    arrays: dict[str, Any] = {f"array_{number}": leaf for number, leaf in enumerate(leaves)}
    history = np.array([astuple(record) for record in progress.history])
    size = sum(leaf.nbytes + ENTRY_BYTES for leaf in leaves)
    with atomic_write(path, size=size) as temporary:
        np.savez(temporary, identity=np.array(identity), history=history, **arrays)


def load_checkpoint(path: Path, identity: str, initial: Progress) -> Progress:
    """Return the progress in `path`, or `initial` if that is missing, another training's, or damaged."""
    import jax

    leaves, structure = jax.tree.flatten((initial.state, initial.best))
    try:
        with np.load(path, allow_pickle=False) as archive:
            if str(archive["identity"]) != identity:
                return initial
            history = [_record(row) for row in archive["history"]]
            leaves = [archive[f"array_{number}"] for number in range(len(leaves))]
    except (OSError, ValueError, TypeError, KeyError, EOFError, BadZipFile):
        return initial
    state, best = jax.tree.unflatten(structure, leaves)
    return Progress(state, best, history)


def _record(row: np.ndarray) -> EpochRecord:
    """Return the epoch of a row of numbers, one for each field."""
    record = EpochRecord(*row.tolist())
    return replace(record, epoch=int(record.epoch), stage=int(record.stage))
