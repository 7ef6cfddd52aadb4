"""The settings that the transforms here read, whichever class holds them."""

from typing import Literal, Protocol


class EegTransform(Protocol):
    """How a spectrogram is made from the EEG; `eeg_recipe.EegRecipe` says which values are possible."""

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


class ImageRecipe(Protocol):
    """How a network's input is made of a window; `learning.settings.Preprocessing` says which values are possible."""

    @property
    def input(self) -> str: ...  # noqa: D102
    @property
    def eeg(self) -> EegTransform | None: ...  # noqa: D102
    @property
    def window(self) -> int: ...  # noqa: D102
    @property
    def image_size(self) -> tuple[int, int]: ...  # noqa: D102
    @property
    def clip(self) -> tuple[float, float]: ...  # noqa: D102
    @property
    def normalisation(self) -> str: ...  # noqa: D102
    def __hash__(self) -> int: ...
