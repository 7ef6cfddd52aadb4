"""The protocol of a kind of input, and the stored arrays that it reads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

import numpy as np
from jaxtyping import Float16

from hbac_assets.signals.recipes import InputRecipe
from hbac_assets.signals.window import Window

if TYPE_CHECKING:
    import pandas as pd

    from hbac_assets.learning.settings import Preprocessing
    from hbac_assets.signals.eeg_arrays import Recipe

Source: TypeAlias = "Recipe | None"
"""The source of stored arrays: a recipe, from the EEG; None for Kaggle's spectrograms."""


@dataclass(frozen=True)
class Arrays:
    """The stored arrays of one source.

    Attributes:
        folder: of `<id>.npy`.
        table: one row per array, or per window of one, as written by their asset.
    """

    folder: Path
    table: "pd.DataFrame"


Stored = Mapping[Source, Arrays]


class InputKind(Protocol):
    """One kind of input of a network.

    Attributes:
        dimensions: the axes along which a network convolves; a backbone has the same number.
        augmentations: the applicable settings of `Augmentation`.
        normalisations: the applicable values of `Preprocessing.normalisation`.
        panels: the number of views stacked vertically in an image.
        reads: the array of a `Window` that each panel is made from: `eeg` or `spectrogram`.
        recipes: the settings of `Preprocessing` with its recipes from the EEG; none if it is not made from it.
        channels: the electrodes of each channel, in the order of the channels in each panel, which have equal numbers
            of lines; those of an image are along the frequency axis.
    """

    @property
    def dimensions(self) -> Literal[1, 2]: ...  # noqa: D102
    @property
    def augmentations(self) -> frozenset[str]: ...  # noqa: D102
    @property
    def normalisations(self) -> frozenset[str]: ...  # noqa: D102
    @property
    def panels(self) -> int: ...  # noqa: D102
    @property
    def reads(self) -> tuple[Literal["eeg", "spectrogram"], ...]: ...  # noqa: D102
    @property
    def recipes(self) -> frozenset[str]: ...  # noqa: D102
    @property
    def channels(self) -> tuple[tuple[str, ...], ...]: ...  # noqa: D102

    def sources(self, preprocessing: "Preprocessing") -> tuple[Source, ...]:
        """Return the sources of its stored arrays, Kaggle's first."""
        ...

    def of_window(self, window: Window, recipe: InputRecipe) -> Float16[np.ndarray, "height width"] | None:
        """Return a window's array, the same as from `reader`; None if a recording has no signal in it."""
        ...

    def shape(self, recipe: InputRecipe) -> tuple[int, int]:
        """Return the shape of one row's array: (frequencies, times) of an image, (channels, times) of a series."""
        ...

    def seconds(self, recipe: InputRecipe) -> tuple[float, ...]:
        """Return the duration of each panel, s."""
        ...

    def reader(
        self, rows: "pd.DataFrame", stored: Stored, preprocessing: "Preprocessing"
    ) -> Callable[[int], Float16[np.ndarray, "height width"]]:
        """Return a thread-safe loader from row index to array.

        Raises:
            HbacError: a row has no window; and, from the loader, an array is missing or invalid, or a window is outside
                its recording.
        """
        ...
