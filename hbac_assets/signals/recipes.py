"""The settings that the transforms here read, whichever class holds them.

Which values are possible is said where the settings are: in `eeg_recipe`, in `waveform_recipe` and in
`learning.settings.Preprocessing`. Bundles carry this module, and hold the same settings without those classes.
"""

from typing import Literal, NamedTuple, Protocol

from hbac_assets.signals.montage import DERIVATIONS, EEG_RATE, LABEL_SECONDS


class EegTransform(Protocol):
    """How a spectrogram is made from the EEG."""

    @property
    def seconds(self) -> int: ...  # noqa: D102
    @property
    def transform(self) -> Literal["mel", "stft"]: ...  # noqa: D102
    @property
    def segment_length(self) -> int: ...  # noqa: D102
    @property
    def overlap(self) -> int: ...  # noqa: D102
    @property
    def fft_length(self) -> int: ...  # noqa: D102
    @property
    def frequencies(self) -> tuple[float, float]: ...  # noqa: D102
    @property
    def size(self) -> tuple[int, int]: ...  # noqa: D102
    @property
    def denoising(self) -> str | None: ...  # noqa: D102
    def __hash__(self) -> int: ...


class WaveformTransform(Protocol):
    """How waveforms are made from the EEG."""

    @property
    def rate(self) -> int: ...  # noqa: D102
    @property
    def seconds(self) -> float: ...  # noqa: D102
    @property
    def band(self) -> tuple[float, float]: ...  # noqa: D102
    @property
    def clip(self) -> float: ...  # noqa: D102


class InputRecipe(Protocol):
    """How a network's input is made of a window."""

    @property
    def input(self) -> str: ...  # noqa: D102
    @property
    def eeg(self) -> EegTransform | None: ...  # noqa: D102
    @property
    def waveform(self) -> WaveformTransform | None: ...  # noqa: D102
    @property
    def window(self) -> int: ...  # noqa: D102
    @property
    def image_size(self) -> tuple[int, int]: ...  # noqa: D102
    @property
    def clip(self) -> tuple[float, float]: ...  # noqa: D102
    @property
    def normalisation(self) -> str: ...  # noqa: D102
    def __hash__(self) -> int: ...


class VariantSettings(Protocol):
    """Which variants of an input a prediction is the mean of; `learning.settings.TestTime` says what is possible."""

    @property
    def flip(self) -> bool: ...  # noqa: D102
    @property
    def shifts(self) -> tuple[float, ...]: ...  # noqa: D102


class _Transform(NamedTuple):
    """An `EegTransform` of plain values."""

    seconds: int
    transform: Literal["mel", "stft"]
    segment_length: int
    overlap: int
    fft_length: int
    frequencies: tuple[float, float]
    size: tuple[int, int]
    denoising: str | None


def hop(recipe: EegTransform) -> int:
    """Return the samples from one frame to the next."""
    return recipe.segment_length - recipe.overlap


def frame_count(recipe: EegTransform) -> int:
    """Return how many frames of a spectrogram are used."""
    return recipe.seconds * EEG_RATE // hop(recipe)


def of_label(recipe: EegTransform) -> EegTransform:
    """Return the transform of the labelled 10 s, with frames so much closer that there are no fewer of them."""
    closer = max(1, LABEL_SECONDS * EEG_RATE // frame_count(recipe))
    fields = {name: getattr(recipe, name) for name in _Transform._fields}
    return _Transform(**fields | {"seconds": LABEL_SECONDS, "overlap": recipe.segment_length - closer})


def waveform_shape(recipe: WaveformTransform) -> tuple[int, int]:
    """Return the shape of waveforms: (18 derivations, samples)."""
    return len(DERIVATIONS), round(recipe.seconds * recipe.rate)
