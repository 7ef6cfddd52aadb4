"""The settings of a search, in the keys of the experiment files: ranges, trials, epochs."""

import math
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from hbac_assets.learning.settings import Normalisation, ScheduleKind
from hbac_assets.settings import Settings

# Sampled log-uniformly.
LOGARITHMIC = ("peak", "weight_decay")
CATEGORICAL = ("schedule", "normalisation")

MINIATURE_BATCHES = 2
MINIATURE_TRIALS = 4


def _ordered(bounds: tuple[float, float]) -> tuple[float, float]:
    if bounds[0] > bounds[1]:
        raise ValueError("expected the lower bound first")
    return bounds


Bounds = Annotated[tuple[float, float], AfterValidator(_ordered)]
PositiveBounds = Annotated[tuple[PositiveFloat, PositiveFloat], AfterValidator(_ordered)]
_ShareBelowOne = Annotated[float, Field(ge=0, lt=1)]
ShareBounds = Annotated[tuple[_ShareBelowOne, _ShareBelowOne], AfterValidator(_ordered)]


class Ranges(Settings):
    """Lowest and highest value of each hyperparameter; equal ones keep it fixed.

    The nine hyperparameters are those of the Radboud report, whose "highpass" and "lowpass" are the clip bounds.
    """

    clip_low: Bounds = Field((-8.0, -2.0), description="lower bound of the logarithm of the power")
    clip_high: Bounds = Field((4.0, 12.0), description="its upper bound")
    peak: PositiveBounds = Field(
        (1e-4, 1e-2), description="the schedule's highest learning rate, sampled log-uniformly"
    )
    beta_1: ShareBounds = Field((0.8, 0.98), description="of the optimizer")
    beta_2: ShareBounds = Field((0.95, 0.9999), description="of the optimizer")
    weight_decay: PositiveBounds = Field((1e-6, 1e-1), description="of the optimizer, sampled log-uniformly")
    dropout: ShareBounds = Field((0.0, 0.5), description="of the member")
    schedule: Annotated[tuple[ScheduleKind, ...], Field(min_length=1)] = Field(
        ("cosine", "exponential", "constant"), description="kinds of schedule to choose from"
    )
    normalisation: Annotated[tuple[Normalisation, ...], Field(min_length=1)] = Field(
        ("per_image", "data_wide"), description="normalisations to choose from"
    )

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.clip_low[1] >= self.clip_high[0]:
            raise ValueError("expected clip_low to end below the beginning of clip_high")
        return self

    def narrowed(self, around: Mapping[str, Any], share: float) -> "Ranges":
        """Return ranges with `share` of the width, centred on the values `around` and shifted to lie within these.

        Widths of learning rate and weight decay are those of their logarithms. Choices are unchanged.
        """
        names = [name for name in type(self).model_fields if name not in CATEGORICAL]
        return self.model_copy(
            update={name: _narrowed(getattr(self, name), around[name], share, name in LOGARITHMIC) for name in names}
        )


class Search(Settings):
    """A search for the hyperparameters of one member, in batches of trials.

    A trial trains the member with other hyperparameters for a few epochs on a few folds.
    """

    member: str = Field(description="the member whose recipe the search starts from")
    folds: PositiveInt = Field(2, description="number of the experiment's folds that a trial trains on")
    epochs: PositiveInt = Field(2, description="of a trial on each fold")
    batches: PositiveInt = Field(3, description="raising this later continues from the existing trials")
    trials: PositiveInt = Field(20, description="trials of a batch")
    narrowing: Annotated[float, Field(gt=0, le=1)] = Field(
        0.5, description="width of a batch's ranges, around the best trial, as a fraction of the previous batch's"
    )
    ranges: Ranges = Ranges()
    seed: NonNegativeInt = Field(42, description="of the values to try")

    @property
    def study_recipe(self) -> dict[str, Any]:
        """The settings that determine the trials, as `non_defaults`: all but the number of batches."""
        return {name: value for name, value in self.non_defaults().items() if name != "batches"}

    @property
    def steps(self) -> int:
        """The epochs of a complete trial on all its folds."""
        return self.folds * self.epochs

    def miniature(self) -> "Search":
        """Return the search reduced to two batches of few trials."""
        return self.model_copy(
            update={
                "folds": min(self.folds, 2),
                "epochs": min(self.epochs, 2),
                "batches": min(self.batches, MINIATURE_BATCHES),
                "trials": min(self.trials, MINIATURE_TRIALS),
            }
        )


def _narrowed(bounds: tuple[float, float], middle: float, share: float, logarithmic: bool) -> tuple[float, float]:
    if logarithmic:
        low, high = _narrowed((math.log(bounds[0]), math.log(bounds[1])), math.log(middle), share, False)
        return max(math.exp(low), bounds[0]), min(math.exp(high), bounds[1])
    first, last = bounds
    width = share * (last - first)
    low = min(max(middle - width / 2, first), last - width)
    return low, min(low + width, last)
