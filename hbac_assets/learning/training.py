"""The training loop of one cell, a member on a fold, over the plans of its epochs.

Every random draw depends on the member's seed and the number of the epoch or step, so that a training resumed after
any epoch ends with the same bits as an uninterrupted one. Access to images belongs to `image_source`.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Float16, Float32, Int

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
from hbac_assets.learning.targets import targets
from hbac_assets.store.files import atomic_write, fingerprint

VARIABLE_BYTES = 2048
"""Bytes of a variable in a .keras file besides its values."""


class DivergedError(HbacError):
    """The loss of a training is no longer finite."""


@dataclass(frozen=True)
class Examples:
    """Images, as an array float16 (N, H, W) or as opened by `image_source`, and targets float32 (N, 6).

    Stages may also need the number of votes of each row, (N,), and its EEG's id, (N,).
    """

    images: Images | Float16[np.ndarray, "rows height width"]
    targets: Float32[np.ndarray, "rows 6"]
    votes: Int[np.ndarray, " rows"] | None = None
    eegs: Int[np.ndarray, " rows"] | None = None

    @classmethod
    def of_rows(cls, rows: pd.DataFrame, images: Images, settings: MemberSettings) -> "Examples":
        """Return images with the votes, EEGs and, of the kind that a member learns, targets of their rows."""
        votes, eegs = (rows[column].to_numpy(dtype=np.int64) for column in ("vote_count", "eeg_id"))
        return cls(images, targets(rows, settings.target), votes, eegs)

    def __len__(self) -> int:
        return len(self.images)

    def subset(self, mask: Bool[np.ndarray, " rows"]) -> "Examples":
        """Return the examples where `mask` (N,) is true."""
        votes, eegs = (None if one is None else one[mask] for one in (self.votes, self.eegs))
        return Examples(as_images(self.images).subset(mask), self.targets[mask], votes, eegs)

    def plans(self, settings: MemberSettings) -> Sequence[EpochPlan]:
        """Return the plan of each epoch of a member that learns from these examples."""
        return plan_epochs(settings, self.targets, self.votes, self.eegs)


@dataclass(frozen=True)
class StepsDone:
    """The progress of an unfinished epoch.

    Attributes:
        epoch: its number; the first is 1.
        done: the number of its steps done, or dispatched.
        total: its number of steps.
        seconds: since its beginning, without compilation.
    """

    epoch: int
    done: int
    total: int
    seconds: float


@dataclass(frozen=True)
class TrainingResult:
    """The result of a finished training, besides its files."""

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

    In every stage the validation loss covers all validation rows, without augmentation, so that epochs of all stages
    compete to be the best. With `settings.early_stopping` a stage can be shorter than its `epochs`, and the next one
    follows; schedule, numbers and draws of each epoch stay as planned.

    With `settings.ema_decay` the averaged weights are validated and written; the raw ones are only in the checkpoint,
    and are also validated after the last epoch of each stage.

    Args:
        settings: the member.
        training: the examples to learn from.
        validation: the held-out examples.
        folder: of the cell. A checkpoint of the same training beside it is resumed after its last finished epoch; the
            caller deletes it once the files are safe.
        on_epoch: called after each epoch that this call finishes, once history and checkpoint are written.
        on_steps: called within each epoch, after each call of the compiled program; the first has compiled it.
        inputs: identifies the data; a checkpoint of a training on other data is not resumed.
        variable_rates: see `hbac_assets.learning.hyperparameters`; such models cannot be opened elsewhere.

    Raises:
        DivergedError: the loss is no longer finite.
        HbacError: an image cannot be read, a file cannot be written, the devices cannot split a batch, or a stage has
            no rows.
    """
    import jax

    size, plans = settings.batch_size, training.plans(settings)
    require_divisible(size)
    images, held_out = as_images(training.images), as_images(validation.images)
    model = build_classifier(settings, variable_rates=variable_rates)
    fit_normalisation(model, images, size)
    network = Network(model)
    optimizer = build_optimizer(network, settings.optimizer, variable_rates=variable_rates)
    program = compile_steps(network, optimizer, settings)
    validate = _validation(network, settings, images, held_out, validation.targets)

    checkpoint, identity = checkpoint_of(folder), _identity(settings, inputs, training, validation)
    initial = initial_state(network, optimizer, averaged=settings.ema_decay is not None)
    progress = load_checkpoint(checkpoint, identity, initial_progress(initial))
    progress.state = jax.device_put(progress.state, replicated())
    last_epochs, patience = {plan.stage: plan.epoch for plan in plans}, settings.early_stopping or math.inf
    for plan in plans[progress.epochs :]:
        if progress.epochs_without_improvement(plan.stage) >= patience:
            continue
        clock = _EpochClock(plan, on_steps)
        progress.state, losses = train_epoch(program, progress.state, images, training.targets, plan, clock.on_steps)
        mean_loss = float(losses.mean())
        images_per_second = len(losses) * size / clock.seconds()

        progress.state, val_loss = validate(progress.state)
        _require_finite(plan.epoch, mean_loss, val_loss)
        rate, seconds = float(plan.rates[-1]), clock.seconds()
        record = EpochRecord(plan.epoch, mean_loss, val_loss, rate, seconds, images_per_second, plan.stage)
        progress.add(record)
        ended = plan.epoch == last_epochs[plan.stage] or progress.epochs_without_improvement(plan.stage) >= patience
        if ended and settings.ema_decay is not None:
            progress.history[-1] = record = replace(record, raw_val_loss=validate(progress.state.raw)[1])
        save_checkpoint(checkpoint, identity, progress)
        _write_history(folder / "history.csv", progress.history)
        on_epoch(record)

    _save(network, progress.best, folder / "best.keras")
    _save(network, progress.state, folder / "last.keras")
    return TrainingResult(progress.history, progress.best_epoch, parameter_counts(model))


class _EpochClock:
    """The duration of an epoch without compilation."""

    def __init__(self, plan: EpochPlan, say: Callable[[StepsDone], None]) -> None:
        self._plan, self._say = plan, say
        self._began, self._compiled = time.perf_counter(), compilation_clock().seconds

    def seconds(self) -> float:
        """Return the seconds of the epoch so far."""
        compiled = compilation_clock().seconds - self._compiled
        return max(time.perf_counter() - self._began - compiled, 1e-9)

    def on_steps(self, done: int) -> None:
        """Report the number of steps done of the epoch."""
        self._say(StepsDone(self._plan.epoch, done, len(self._plan.rates), self.seconds()))


def _validation(
    network: Network,
    settings: MemberSettings,
    images: Images,
    held_out: Images,
    targets: Float32[np.ndarray, "rows 6"],
) -> Callable[[State], tuple[State, float]]:
    """Return a function from a state to its mean divergence on the rows `held_out` and the validated state.

    The latter is the same state or, with re-estimated statistics, one with those of the training `images`.
    """
    forward, size = compile_forward(network), settings.batch_size
    reestimate = compile_reestimation(network) if settings.batchnorm_statistics == "reestimated" else None

    def validate(state: State) -> tuple[State, float]:
        if reestimate:
            state = state.with_statistics(reestimate(*state.evaluated, images, size))
        return state, _mean_divergence(targets, predict_batches(forward, *state.evaluated, held_out, size))

    return validate


def _identity(settings: MemberSettings, inputs: str, *data: Examples) -> str:
    """Return the identity of a training, by which it recognises its checkpoint.

    Images are identified by `inputs` alone: reading all of them can take as long as an epoch.
    """
    import keras

    arrays = [one for part in data for one in (part.targets, part.votes, part.eegs) if one is not None]
    digests = [sha256(one.tobytes()).hexdigest() for one in arrays]
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
    network.assign(*state.evaluated)
    size = sum(variable.value.nbytes + VARIABLE_BYTES for variable in network.model.variables)
    with atomic_write(path, size=size) as temporary:
        network.model.save(temporary)
