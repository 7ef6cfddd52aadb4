"""The recipe of one model, in the keys of the experiment files.

Everything that could change a member's weights or predictions is here. A changed default raises the stage's number in
`lineage.CODE_VERSIONS`. Sampling, folds and ensembles belong to the experiment.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import (
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    ValidationInfo,
    field_validator,
    model_validator,
)

from hbac_assets.learning.inputs.channels import require_shift, require_whole_channels
from hbac_assets.learning.inputs.kind import InputKind
from hbac_assets.learning.inputs.kinds import KINDS
from hbac_assets.learning.published_backbones import BACKBONES
from hbac_assets.settings import KIND, Settings
from hbac_assets.signals.eeg_arrays import Recipe
from hbac_assets.signals.eeg_recipe import EegRecipe
from hbac_assets.signals.montage import EEG_WINDOW_SECONDS
from hbac_assets.signals.waveform_recipe import WaveformRecipe

Share = Annotated[float, Field(ge=0, le=1)]
Normalisation = Literal["per_image", "data_wide"]
ScheduleKind = Literal["cosine", "exponential", "constant"]
SampleWeight = Literal["none", "log_votes", "capped_votes"]

RECIPES: dict[str, type[Recipe]] = {"eeg": EegRecipe, "waveform": WaveformRecipe}
"""The classes of recipes, by the setting of `Preprocessing` that holds one."""

# The settings of a member that training does not read: changing them only repeats predictions.
PREDICTION_ONLY = {"scored_epoch", "test_time"}


class Preprocessing(Settings):
    """The recipe of a backbone's image or waveforms.

    From Kaggle's spectrogram, in µV²/Hz, the image is the natural logarithm of the clipped power; from the EEG, the
    spectrogram by the recipe `eeg`. Either is averaged to `image_size` and standardised: by its own mean and standard
    deviation (`per_image`), or by those of all pixels of the fold's training images (`data_wide`). With `both`,
    Kaggle's is the upper half of the image and the EEG's the lower, each standardised separately. `eeg_10` is made of
    the labelled 10 s alone, the middle of the 50 s of `eeg`, by the same recipe with a shorter hop; `eeg_50_10` has
    both, and `kaggle_eeg_50_10` all three, from top to bottom in the order of the name.

    Missing power (NaN) is stored as zero. Any value below the lower clip bound gives the same pixel, so that zero and
    the -1 of some published systems are equivalent, and there is no setting for it.

    Waveforms are made and scaled by the recipe `waveform`; `window`, `image_size`, `clip` and `normalisation` apply to
    images only.
    """

    input: Annotated[str, KIND] = Field(
        "kaggle", description="the member's input: kaggle, eeg, both, eeg_10, eeg_50_10, kaggle_eeg_50_10 or waveform"
    )
    eeg: EegRecipe | None = Field(
        None, validate_default=True, description="recipe of spectrograms made from the EEG; by default the public one"
    )
    waveform: WaveformRecipe | None = Field(
        None, validate_default=True, description="recipe of waveforms made from the EEG; 12.8 s at 40 Hz by default"
    )
    window: Annotated[int, Field(ge=1, le=300)] = Field(
        300, description="columns of 2 s around the labelled moment, of Kaggle's spectrogram"
    )
    image_size: tuple[PositiveInt, PositiveInt] = Field((400, 300), description="(frequencies, times) in pixels")
    clip: tuple[float, float] = Field(
        (-4.0, 8.0), description="bounds of the natural logarithm of the power, of Kaggle's spectrogram"
    )
    normalisation: Normalisation = Field(
        "per_image", description="the pixels whose mean and standard deviation standardise an image"
    )

    @property
    def kind(self) -> InputKind:
        """The kind of input."""
        return KINDS[self.input]

    @field_validator("input")
    @classmethod
    def _known(cls, kind: str) -> str:
        if kind not in KINDS:
            raise ValueError(f"expected one of {', '.join(KINDS)}")
        return kind

    @field_validator("eeg", "waveform")
    @classmethod
    def _recipe_of_the_input(cls, recipe: Recipe | None, earlier: ValidationInfo) -> Recipe | None:
        kind, name = earlier.data.get("input"), str(earlier.field_name)
        if isinstance(recipe, EegRecipe) and recipe.seconds != EEG_WINDOW_SECONDS:
            raise ValueError("seconds: expected none; of the middle 10 s alone are the inputs with 10 in their names")
        if kind is None:  # at fault itself
            return recipe
        if name in KINDS[kind].recipes:
            return recipe or RECIPES[name]()
        if recipe is not None:
            having = ", ".join(other for other in KINDS if name in KINDS[other].recipes)
            raise ValueError(f"expected none with input {kind}; such a recipe belongs to {having}")
        return None

    @field_validator("image_size")
    @classmethod
    def _equal_panels(cls, size: tuple[int, int], earlier: ValidationInfo) -> tuple[int, int]:
        kind = earlier.data.get("input")
        if kind and size[0] % KINDS[kind].panels:
            raise ValueError(f"expected a number of frequencies that {KINDS[kind].panels} divides with input {kind}")
        return size

    @field_validator("normalisation")
    @classmethod
    def _possible(cls, normalisation: str, earlier: ValidationInfo) -> str:
        kind = earlier.data.get("input")
        if kind and normalisation not in KINDS[kind].normalisations:
            raise ValueError(f"expected {' or '.join(sorted(KINDS[kind].normalisations))} with input {kind}")
        return normalisation

    @model_validator(mode="after")
    def _ordered_clip(self) -> Self:
        if self.clip[0] >= self.clip[1]:
            raise ValueError(f"clip: expected the lower bound first, found {list(self.clip)}")
        return self


class MixUp(Settings):
    """MixUp (Zhang et al. 2018): images and targets blended in pairs, on a fraction of the batches."""

    probability: Share = Field(0.5, description="of a batch")
    alpha: PositiveFloat = Field(2.0, description="both parameters of the beta distribution of the weights")


class Mask(Settings):
    """A band of the image set to zero, on a fraction of the batches; its width is a fraction of the axis."""

    probability: Share = Field(0.5, description="of a batch")
    size: tuple[Share, Share] = Field((0.06, 0.1), description="smallest and largest width, as fractions of the axis")

    @model_validator(mode="after")
    def _ordered_size(self) -> Self:
        if self.size[0] > self.size[1]:
            raise ValueError(f"size: expected the smaller fraction first, found {list(self.size)}")
        return self


class Cutout(Mask):
    """Rectangles of the image set to zero, on a fraction of the batches; each side is a fraction of its axis."""

    size: tuple[Share, Share] = Field((0.1, 0.25), description="smallest and largest side, as fractions of its axis")
    rectangles: PositiveInt = Field(1, description="number per image")


class Translation(Settings):
    """Images shifted along both axes, on a fraction of the batches; vacated pixels are zero."""

    probability: Share = Field(0.5, description="of a batch")
    size: tuple[Share, Share] = Field((0.1, 0.1), description="largest shift, as fractions of (frequencies, times)")


class HemisphereFlip(Settings):
    """Left and right electrodes exchanged, in a fraction of the images."""

    probability: Share = Field(0.5, description="of an image")


class TimeShift(Settings):
    """The window shifted in time, in a fraction of the images; all views by the same seconds."""

    probability: Share = Field(0.5, description="of an image")
    seconds: PositiveFloat = Field(2.0, description="largest shift in either direction")


class ChannelDropout(Settings):
    """One channel set to zero, in a fraction of the images; for images, a chain in all views."""

    probability: Share = Field(0.5, description="of an image")


class Augmentation(Settings):
    """The augmentations of training images, in this order; absent ones are off.

    Zero is the mean of the image or of the training images. Only MixUp changes the targets.
    """

    hemisphere_flip: HemisphereFlip | None = None
    time_shift: TimeShift | None = None
    mixup: MixUp | None = None
    translation: Translation | None = None
    frequency_mask: Mask | None = None
    time_mask: Mask | None = None
    cutout: Cutout | None = None
    channel_dropout: ChannelDropout | None = None

    @property
    def chosen(self) -> set[str]:
        """The names of those that are on."""
        return {name for name, settings in self if settings is not None}


class Variants(Settings):
    """The variants over which predictions are averaged, besides the image itself: every flip with every shift."""

    flip: bool = Field(False, description="left and right electrodes exchanged")
    shifts: tuple[float, ...] = Field((), description="shifts of the window in s; negative is earlier")

    @model_validator(mode="after")
    def _at_least_one(self) -> Self:
        if not (self.flip or self.shifts):
            raise ValueError("expected flip: true or shifts, found neither")
        if len(set(self.shifts)) < len(self.shifts):
            raise ValueError(f"shifts: expected each once, found {list(self.shifts)}")
        return self


class Schedule(Settings):
    """The learning rate over the actual number of epochs: linear warm-up from `start` to `peak`, then by `kind`.

    A cosine ends at `floor`, an exponential decay never goes below it. `learning.schedules` has the formulas.
    """

    kind: Annotated[ScheduleKind, KIND] = Field("cosine", description="the course after the warm-up")
    start: PositiveFloat = Field(5e-5, description="learning rate of the first step")
    peak: PositiveFloat = Field(1e-3, description="highest learning rate, at the end of the warm-up")
    floor: PositiveFloat = Field(1e-5, description="lowest learning rate")
    decay: Annotated[float, Field(gt=0, lt=1)] = Field(0.8, description="factor per epoch, for the kind exponential")
    warmup_epochs: Annotated[int, Field(ge=0)] = Field(3, description="epochs from `start` to `peak`")


class Stage(Settings):
    """One stage of a training: its rows, epochs, learning rate and sample weights.

    A stage continues from the weights and the optimizer's moments of the previous one. The fold of a row never changes,
    and the held-out rows validate every stage alike.
    """

    epochs: PositiveInt | None = Field(None, description="number of epochs; the member's by default")
    schedule: Schedule | None = Field(None, description="for these epochs; the member's by default")
    min_votes: PositiveInt = Field(1, description="learn from the training rows with at least this many votes")
    draw: Literal["all", "one_per_eeg"] = Field(
        "all", description="the rows of an epoch: all, or one per EEG, drawn anew for each epoch"
    )
    sample_weight: SampleWeight = Field(
        "none", description="loss weight of a row: none, log(votes + 1), or votes / 20 but at most 1"
    )


class Optimizer(Settings):
    """Adam (Kingma & Ba 2015); with weight decay, AdamW (Loshchilov & Hutter 2019)."""

    beta_1: Annotated[float, Field(ge=0, lt=1)] = Field(0.9, description="decay of the mean of the gradients")
    beta_2: Annotated[float, Field(ge=0, lt=1)] = Field(0.999, description="decay of the mean of their squares")
    weight_decay: NonNegativeFloat = Field(0.0, description="decoupled from the gradients; 0 is Adam")


class MemberSettings(Settings):
    """One model recipe; with the rows of a fold and the code's version it determines the weights."""

    backbone: str = Field(description="the network without its head")
    kernel: Literal[3, 5, 7] | None = Field(
        None, description="size of the convolutions in all stages of efficientnetv2_b2; None keeps the authors'"
    )
    pretrained: Literal["none", "imagenet", "coco"] = Field(
        "none", description="the data set of published weights to start from"
    )
    preprocessing: Annotated[Preprocessing, KIND] = Field(Preprocessing(), validate_default=True)
    augmentation: Augmentation = Augmentation()
    target: Literal["consensus", "votes"] = Field(
        "votes",
        description="the target: the class with the most votes, or the vote fraction of each class",
    )
    rebalancing: bool = Field(
        False, description="draw training rows so that classes have equal weight, by their targets; not in validation"
    )
    batch_size: PositiveInt = Field(32, description="rows of a training step")
    epochs: PositiveInt = Field(13, description="passes through the training rows; the default of stages")
    schedule: Schedule = Schedule()
    stages: tuple[Stage, ...] = Field(
        (), description="consecutive parts of the training; none: one with all rows, of equal weight"
    )
    optimizer: Optimizer = Optimizer()
    early_stopping: PositiveInt | None = Field(
        None, description="end a stage after this many epochs without improvement of the validation loss"
    )
    ema_decay: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        None, description="validate, store and predict with an exponential moving average of the weights over the steps"
    )
    dropout: Annotated[float, Field(ge=0, lt=1)] = Field(0.0, description="dropout rate before the last layer")
    batchnorm_momentum: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        None, description="None keeps that of the backbone's authors"
    )
    batchnorm_statistics: Literal["running", "reestimated"] = Field(
        "running", description="statistics for validation: running averages, or re-estimated on the training images"
    )
    scored_epoch: Literal["best", "last"] = Field("last", description="the epoch whose weights predict")
    test_time: Variants | None = Field(None, description="test-time augmentation: the mean over variants of each image")
    seed: Annotated[int, Field(ge=0, lt=2**32)] = Field(
        42, description="of initial weights, order of rows, augmentation"
    )

    @property
    def all_stages(self) -> tuple[Stage, ...]:
        """The stages, at least one."""
        return self.stages or (Stage(),)

    @property
    def total_epochs(self) -> int:
        """The epochs of all stages, if none ends early."""
        return sum(stage.epochs or self.epochs for stage in self.all_stages)

    @property
    def training_recipe(self) -> dict[str, Any]:
        """The part of the recipe that determines the weights, as `non_defaults`."""
        return {name: value for name, value in self.non_defaults().items() if name not in PREDICTION_ONLY}

    @property
    def prediction_recipe(self) -> dict[str, Any]:
        """The part that determines, besides the weights, the predictions, as `non_defaults`."""
        return {name: value for name, value in self.non_defaults().items() if name in PREDICTION_ONLY}

    @field_validator("preprocessing")
    @classmethod
    def _fits_the_backbone(cls, preprocessing: Preprocessing, earlier: ValidationInfo) -> Preprocessing:
        backbone = earlier.data.get("backbone")
        if backbone and preprocessing.kind.dimensions != BACKBONES[backbone].dimensions:
            fitting = [name for name, kind in KINDS.items() if kind.dimensions == BACKBONES[backbone].dimensions]
            raise ValueError(f"input: expected one of {', '.join(fitting)} for {backbone}, found {preprocessing.input}")
        return preprocessing

    @field_validator("augmentation")
    @classmethod
    def _means_something(cls, augmentation: Augmentation, earlier: ValidationInfo) -> Augmentation:
        preprocessing = earlier.data.get("preprocessing")
        if preprocessing and (foreign := augmentation.chosen - preprocessing.kind.augmentations):
            raise ValueError(f"expected no {', '.join(sorted(foreign))} with input {preprocessing.input}")
        if preprocessing and (augmentation.hemisphere_flip or augmentation.channel_dropout):
            require_whole_channels(preprocessing)
        if preprocessing and augmentation.time_shift:
            require_shift(preprocessing, augmentation.time_shift.seconds)
        return augmentation

    @field_validator("test_time")
    @classmethod
    def _can_vary(cls, variants: Variants | None, earlier: ValidationInfo) -> Variants | None:
        preprocessing = earlier.data.get("preprocessing")
        if preprocessing and variants:
            possible = preprocessing.kind.augmentations
            if variants.flip and "hemisphere_flip" not in possible:
                raise ValueError(f"expected no flip with input {preprocessing.input}")
            if variants.shifts and "time_shift" not in possible:
                raise ValueError(f"expected no shifts with input {preprocessing.input}")
            if variants.flip:
                require_whole_channels(preprocessing)
            for seconds in variants.shifts:
                require_shift(preprocessing, seconds)
        return variants

    @field_validator("backbone")
    @classmethod
    def _known(cls, backbone: str) -> str:
        if backbone not in BACKBONES:
            raise ValueError(f"expected one of {', '.join(BACKBONES)}")
        return backbone

    @field_validator("kernel")
    @classmethod
    def _defined(cls, kernel: int | None, earlier: ValidationInfo) -> int | None:
        backbone = earlier.data.get("backbone")
        if backbone and kernel and kernel not in BACKBONES[backbone].kernels:
            having = [name for name, spec in BACKBONES.items() if spec.kernels]
            raise ValueError(f"expected none for {backbone}; only {', '.join(having)} can have another kernel")
        return kernel

    @field_validator("pretrained")
    @classmethod
    def _published(cls, pretrained: str, earlier: ValidationInfo) -> str:
        backbone, kernel = earlier.data.get("backbone"), earlier.data.get("kernel")
        if backbone is None or pretrained == "none":
            return pretrained
        spec = BACKBONES[backbone]
        if pretrained not in spec.presets:
            raise ValueError(f"expected {' or '.join(['none', *spec.presets])} for {backbone}: no others are published")
        if kernel and kernel != spec.kernels[0]:
            raise ValueError(f"expected none with kernel {kernel}: weights are published for {spec.kernels[0]}")
        return pretrained
