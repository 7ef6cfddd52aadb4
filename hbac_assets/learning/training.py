"""The training of one cell: a member on a fold, in one loop over the plans of its epochs.

Of images that lie on the device, only their numbers go there from the host; `image_source` says where images lie.
Every random draw follows from the member's seed and the number of the epoch or step, so that a training resumed
after any epoch ends with the same bits as one that was never interrupted.
"""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Float16, Float32

from hbac_assets.errors import HbacError
from hbac_assets.learning.backbones import ParameterCounts, build_classifier, parameter_counts
from hbac_assets.learning.batchnorm import compile_reestimation
from hbac_assets.learning.checkpoint import (
    EpochRecord,
    checkpoint_of,
    initial_progress,
    load_checkpoint,
    save_checkpoint,
)
from hbac_assets.learning.compilation_clock import compilation_clock
from hbac_assets.learning.epoch_plans import EpochPlan, plan_epochs
from hbac_assets.learning.image_source import Images, as_images
from hbac_assets.learning.network import Network
from hbac_assets.learning.normalisation import fit_normalisation
from hbac_assets.learning.parallel import replicated, require_divisible
from hbac_assets.learning.prediction import compile_forward, predict_batches
from hbac_assets.learning.settings import MemberSettings
from hbac_assets.learning.step import (
    State,
    build_optimizer,
    compile_steps,
    initial_state,
    train_epoch,
)
from hbac_assets.store.files import atomic_write, fingerprint

VARIABLE_BYTES = 2048
"""What a variable takes in a .keras file beside its values."""


class DivergedError(HbacError):
    """A training whose loss is no longer finite."""


@dataclass(frozen=True)
class Examples:
    """Images, as an array float16 (N, H, W) or as `image_source` has opened them, and targets float32 (N, 6)."""

    images: Images | Float16[np.ndarray, "rows height width"]
    targets: Float32[np.ndarray, "rows 6"]

    def __len__(self) -> int:
        return len(self.images)

    def subset(self, mask: Bool[np.ndarray, " rows"]) -> "Examples":
        """Return the examples at which `mask` (N,) is true."""
        return Examples(as_images(self.images).subset(mask), self.targets[mask])


@dataclass(frozen=True)
class StepsDone:
    """How far an unfinished epoch is.

    Attributes:
        epoch: its number; the first is 1.
        done: the steps of it that are done, or nearly so.
        total: the steps that it has.
        seconds: since it began, without compilation.
    """

    epoch: int
    done: int
    total: int
    seconds: float


@dataclass(frozen=True)
class TrainingResult:
    """What a finished training leaves behind, beside its files."""

    history: list[EpochRecord]
    best_epoch: int
    parameters: ParameterCounts


def train_cell(
    settings: MemberSettings,
    training: Examples,
    validation: Examples,
    folder: Path,
    *,
    on_epoch: Callable[[EpochRecord], None],
    on_steps: Callable[[StepsDone], None] = lambda steps: None,
    inputs: str = "",
    variable_rates: bool = False,
) -> TrainingResult:
    """Train a member on a fold and write `best.keras`, `last.keras` and `history.csv` into `folder`.

    What each epoch does stands in its plan. The validation loss covers all validation rows, without augmentation. With
    `settings.early_stopping` the history can be shorter than `settings.epochs`; the schedule is that of all epochs.

    Args:
        settings: the member.
        training: the rows to learn from.
        validation: the rows that the fold holds out.
        folder: the cell's own. A checkpoint of the same training beside it is resumed at its last finished epoch; it
            stays there, for the caller to delete once the files are safe.
        on_epoch: called after each epoch that this call finishes, once history and checkpoint are written.
        on_steps: called within each epoch, after each call of the compiled program; the first has compiled it.
        inputs: names the data; a checkpoint of a training on others is not resumed.
        variable_rates: see `hbac_assets.learning.hyperparameters`; the models then open nowhere else.

    Raises:
        DivergedError: the loss is no longer finite.
        HbacError: an image cannot be read or a file not written, or the devices cannot share a batch.
    """
    import jax

    size = settings.batch_size
    require_divisible(size)
    images, held_out = as_images(training.images), as_images(validation.images)
    model = build_classifier(settings, variable_rates=variable_rates)
    fit_normalisation(model, images, size)
    network = Network(model)
    optimizer = build_optimizer(network, settings.optimizer, variable_rates=variable_rates)
    program, forward = compile_steps(network, optimizer, settings), compile_forward(network)
    reestimate = compile_reestimation(network) if settings.batchnorm_statistics == "reestimated" else None

    checkpoint, identity = checkpoint_of(folder), _identity(settings, inputs, training, validation)
    progress = load_checkpoint(checkpoint, identity, initial_progress(initial_state(network, optimizer)))
    progress.state = jax.device_put(progress.state, replicated())
    for plan in plan_epochs(settings, training.targets)[len(progress.history) :]:
        if settings.early_stopping and progress.epochs_without_gain >= settings.early_stopping:
            break
        clock = _EpochClock(plan, on_steps)
        progress.state, losses = train_epoch(program, progress.state, images, training.targets, plan, clock.on_steps)
        mean_loss = float(losses.mean())
        images_per_second = len(losses) * size / clock.seconds()

        if reestimate:
            non_trainable = reestimate(progress.state.weights, progress.state.non_trainable, images, size)
            progress.state = progress.state._replace(non_trainable=non_trainable)
        probabilities = predict_batches(forward, progress.state.weights, progress.state.non_trainable, held_out, size)
        val_loss = _mean_divergence(validation.targets, probabilities)
        _require_finite(plan.epoch, mean_loss, val_loss)
        rate, seconds = float(plan.rates[-1]), clock.seconds()
        record = EpochRecord(plan.epoch, mean_loss, val_loss, rate, seconds, images_per_second)
        progress.add(record)
        save_checkpoint(checkpoint, identity, progress)
        _write_history(folder / "history.csv", progress.history)
        on_epoch(record)

    _save(network, progress.best, folder / "best.keras")
    _save(network, progress.state, folder / "last.keras")
    return TrainingResult(progress.history, progress.best_epoch, parameter_counts(model))


class _EpochClock:
    """The time of an epoch in which nothing was compiled."""

    def __init__(self, plan: EpochPlan, say: Callable[[StepsDone], None]) -> None:
        self._plan, self._say = plan, say
        self._began, self._compiled = time.perf_counter(), compilation_clock().seconds

    def seconds(self) -> float:
        """Return the seconds of the epoch until now."""
        compiled = compilation_clock().seconds - self._compiled
        return max(time.perf_counter() - self._began - compiled, 1e-9)

    def on_steps(self, done: int) -> None:
        """Say how many steps of the epoch are done."""
        self._say(StepsDone(self._plan.epoch, done, len(self._plan.rates), self.seconds()))


def _identity(settings: MemberSettings, inputs: str, *data: Examples) -> str:
    """Return what a checkpoint must have in common with a training to be its own.

    The images are not looked at: reading all of them can take as long as an epoch. `inputs` speaks for them.
    """
    import keras

    digests = [sha256(part.targets.tobytes()).hexdigest() for part in data]
    return fingerprint([settings.training_recipe, inputs, digests, keras.config.dtype_policy().name])


def _mean_divergence(targets: Float[np.ndarray, "rows 6"], probabilities: Float[np.ndarray, "rows 6"]) -> float:
    import keras

    return float(keras.losses.KLDivergence()(targets, probabilities))


def _require_finite(epoch: int, loss: float, val_loss: float) -> None:
    if not math.isfinite(loss + val_loss):
        raise DivergedError(
            f"epoch {epoch}: expected finite losses, found {loss} in training and {val_loss} in validation; "
            "lower the member's schedule.peak"
        )


def _write_history(path: Path, history: list[EpochRecord]) -> None:
    with atomic_write(path) as temporary:
        pd.DataFrame([asdict(record) for record in history]).to_csv(temporary, index=False)


def _save(network: Network, state: State, path: Path) -> None:
    network.assign(state.weights, state.non_trainable)
    size = sum(variable.value.nbytes + VARIABLE_BYTES for variable in network.model.variables)
    with atomic_write(path, size=size) as temporary:
        network.model.save(temporary)
