"""Protocols of the settings that the transforms read.

Their validation belongs to `eeg_recipe`, `waveform_recipe` and `learning.settings.Preprocessing`. Bundles carry this
module, and hold the same settings without those classes.
"""

from typing import Literal, NamedTuple, Protocol

from hbac_assets.signals.montage import DERIVATIONS, EEG_RATE, LABEL_SECONDS


class EegTransform(Protocol):
    """The settings of a spectrogram made from the EEG."""

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
    """The settings of waveforms made from the EEG."""

    @property
    def rate(self) -> int: ...  # noqa: D102
    @property
    def seconds(self) -> float: ...  # noqa: D102
    @property
    def band(self) -> tuple[float, float]: ...  # noqa: D102
    @property
    def clip(self) -> float: ...  # noqa: D102


class InputRecipe(Protocol):
    """The settings of a network's input."""

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
    """The variants of an input over which predictions are averaged; validated by `learning.settings.TestTime`."""

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
    """Return the hop between frames, in samples."""
    return recipe.segment_length - recipe.overlap


def frame_count(recipe: EegTransform) -> int:
    """Return the number of frames used of a spectrogram."""
    return recipe.seconds * EEG_RATE // hop(recipe)


def of_label(recipe: EegTransform) -> EegTransform:
    """Return the transform of the labelled 10 s, with a shorter hop, so that there are at least as many frames."""
    closer = max(1, LABEL_SECONDS * EEG_RATE // frame_count(recipe))
    fields = {name: getattr(recipe, name) for name in _Transform._fields}
    return _Transform(**fields | {"seconds": LABEL_SECONDS, "overlap": recipe.segment_length - closer})


def waveform_shape(recipe: WaveformTransform) -> tuple[int, int]:
    """Return the shape of waveforms: (18 derivations, samples)."""
    return len(DERIVATIONS), round(recipe.seconds * recipe.rate)
