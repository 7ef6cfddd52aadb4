"""What every kind of input says of itself, and the stored arrays that it reads."""

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
"""Stored arrays by what made them: a recipe, from the EEG; None: Kaggle's own spectrograms."""


@dataclass(frozen=True)
class Arrays:
    """The stored arrays of one source.

    Attributes:
        folder: holds `<id>.npy`.
        table: one row for each array or for each window of one, as the asset that made them lists them.
    """

    folder: Path
    table: "pd.DataFrame"


Stored = Mapping[Source, Arrays]


class InputKind(Protocol):
    """One kind of input of a network.

    Attributes:
        dimensions: the axes along which a network convolves; a backbone has the same number.
        augmentations: the settings of `Augmentation` that mean something for it.
        normalisations: the values of `Preprocessing.normalisation` that do.
        panels: how many views lie one above the other in an image.
        reads: the array of a `Window` that each panel is made of: `eeg` or `spectrogram`.
        recipes: the settings of `Preprocessing` that say how it is made from the EEG; none if it is not.
        channels: the electrodes of each channel, in the order of the channels in each panel, which have equal numbers
            of lines; those of an image lie along the frequencies.
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
        """Return the stored arrays that it is made from, Kaggle's first."""
        ...

    def of_window(self, window: Window, recipe: InputRecipe) -> Float16[np.ndarray, "height width"] | None:
        """Return a window's array, the same as `reader` makes of it; None where a recording shows nothing of it."""
        ...

    def shape(self, recipe: InputRecipe) -> tuple[int, int]:
        """Return the shape of one row's array: (frequencies, times) of an image, (channels, times) of a series."""
        ...

    def seconds(self, recipe: InputRecipe) -> tuple[float, ...]:
        """Return how long a time each panel shows."""
        ...

    def reader(
        self, rows: "pd.DataFrame", stored: Stored, preprocessing: "Preprocessing"
    ) -> Callable[[int], Float16[np.ndarray, "height width"]]:
        """Return a function from the number of a row to its array; several threads may call it at once.

        Raises:
            HbacError: a row has no window; and, from the function, an array is missing or is not what it should be, or
                a window lies outside its recording.
        """
        ...
