"""One trial: a member with other hyperparameters, trained for a few epochs on a few folds."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

from hbac_assets.learning.checkpoint import EpochRecord
from hbac_assets.learning.settings import MemberSettings
from hbac_assets.learning.training import Examples, train_cell


def tuned(settings: MemberSettings, values: Mapping[str, Any]) -> MemberSettings:
    """Return a member with the values of a trial, by the names of `Ranges`."""
    changes: dict[str, dict[str, Any]] = {
        "preprocessing": {
            "clip": (values["clip_low"], values["clip_high"]),
            "normalisation": values["normalisation"],
        },
        "schedule": {"kind": values["schedule"], "peak": values["peak"]},
        "optimizer": {name: values[name] for name in ("beta_1", "beta_2", "weight_decay")},
    }
    parts = {name: getattr(settings, name).model_copy(update=change) for name, change in changes.items()}
    return settings.model_copy(update={**parts, "dropout": values["dropout"]})


def shortened(settings: MemberSettings, epochs: int) -> MemberSettings:
    """Return a member that trains for a few epochs, with its full schedule within them.

    A member with stages trains the first one only, with the member's schedule. At least the last epoch is after the
    warm-up, otherwise the kind of schedule would make no difference.
    """
    warmup = min(settings.schedule.warmup_epochs, epochs - 1)
    schedule = settings.schedule.model_copy(update={"warmup_epochs": warmup})
    first = tuple(stage.model_copy(update={"epochs": None, "schedule": None}) for stage in settings.stages[:1])
    changes = {"epochs": epochs, "schedule": schedule, "stages": first, "early_stopping": None}
    return settings.model_copy(update=changes)


def train_trial(
    settings: MemberSettings,
    folds: Iterable[tuple[Examples, Examples]],
    folder: Path,
    on_epoch: Callable[[EpochRecord], None],
) -> float:
    """Train a member on one fold after the other and return the mean of their last validation losses.

    Args:
        settings: a member as `shortened` returns it.
        folds: training and validation examples of each fold.
        folder: an empty one for temporary files.
        on_epoch: called after each epoch, counted across folds; an exception from it ends the trial.

    Raises:
        DivergedError: a loss is not finite.
    """
    losses = []
    for fold, (training, validation) in enumerate(folds):

        def count_on(record: EpochRecord, before: int = fold * settings.epochs) -> None:
            on_epoch(EpochRecord(**{**vars(record), "epoch": before + record.epoch}))

        place = folder / f"fold_{fold}"
        result = train_cell(settings, training, validation, place, on_epoch=count_on, variable_rates=True)
        losses.append(result.history[-1].val_loss)
    return fmean(losses)
