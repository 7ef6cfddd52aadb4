"""Images: one view of a row, or several stacked along the frequency axis."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from jaxtyping import Float16, Float32

from hbac_assets.learning.inputs.kind import Arrays, Source, Stored
from hbac_assets.signals.images import stacked
from hbac_assets.signals.montage import CHAINS
from hbac_assets.signals.recipes import InputRecipe
from hbac_assets.signals.window import Window

if TYPE_CHECKING:
    import pandas as pd

    from hbac_assets.learning.settings import Preprocessing


class View(Protocol):
    """A spectrogram of a row's recording."""

    @property
    def reads(self) -> Literal["eeg", "spectrogram"]: ...  # noqa: D102
    @property
    def recipes(self) -> frozenset[str]: ...  # noqa: D102

    def seconds(self, recipe: InputRecipe) -> float:
        """Return the duration of the view, s."""
        ...

    def source(self, preprocessing: "Preprocessing") -> Source:
        """Return the stored arrays that the view is made from."""
        ...

    def of_window(
        self, window: Window, recipe: InputRecipe, size: tuple[int, int]
    ) -> Float32[np.ndarray, "height width"] | None:
        """Return the view of a window, of `size` (H, W), frequency first; None without a signal."""
        ...

    def reader(
        self, rows: "pd.DataFrame", arrays: Arrays, preprocessing: "Preprocessing", size: tuple[int, int]
    ) -> Callable[[int], Float32[np.ndarray, "height width"]]:
        """Return a loader from row index to view of `size` (H, W), frequency first."""
        ...


@dataclass(frozen=True)
class ImageKind:
    """Views stacked from top to bottom, with equal heights, each standardised separately if images are.

    Several views allow only `per_image` normalisation, since their units differ.
    """

    views: tuple[View, ...]
    dimensions: Literal[2] = 2
    augmentations: frozenset[str] = frozenset(
        {
            "hemisphere_flip",
            "time_shift",
            "mixup",
            "translation",
            "frequency_mask",
            "time_mask",
            "cutout",
            "channel_dropout",
        }
    )
    channels: tuple[tuple[str, ...], ...] = tuple(CHAINS.values())

    @property
    def normalisations(self) -> frozenset[str]:
        """The normalisations that these views allow."""
        return frozenset({"per_image"} if len(self.views) > 1 else {"per_image", "data_wide"})

    @property
    def panels(self) -> int:
        """The number of views."""
        return len(self.views)

    @property
    def reads(self) -> tuple[Literal["eeg", "spectrogram"], ...]:
        """The arrays of a window that the views are made from."""
        return tuple(view.reads for view in self.views)

    @property
    def recipes(self) -> frozenset[str]:
        """The setting with the recipe of the EEG's spectrogram, if that is one of the views."""
        return frozenset().union(*(view.recipes for view in self.views))

    def sources(self, preprocessing: "Preprocessing") -> tuple[Source, ...]:
        """Return the stored arrays of the views."""
        return tuple(view.source(preprocessing) for view in self.views)

    def of_window(self, window: Window, recipe: InputRecipe) -> Float16[np.ndarray, "height width"] | None:
        """Return the image (H, W) of a window; None if a view is missing."""
        views = [view.of_window(window, recipe, self._size_of_a_view(recipe)) for view in self.views]
        there = [view for view in views if view is not None]
        return stacked(there, standardise=recipe.normalisation == "per_image") if len(there) == len(views) else None

    def shape(self, recipe: InputRecipe) -> tuple[int, int]:
        """Return (H, W): the size of the image."""
        return recipe.image_size

    def seconds(self, recipe: InputRecipe) -> tuple[float, ...]:
        """Return the duration of each view, s."""
        return tuple(view.seconds(recipe) for view in self.views)

    def reader(
        self, rows: "pd.DataFrame", stored: Stored, preprocessing: "Preprocessing"
    ) -> Callable[[int], Float16[np.ndarray, "height width"]]:
        """Return a loader from row index to image (H, W), frequency first."""
        size = self._size_of_a_view(preprocessing)
        reads = [view.reader(rows, stored[view.source(preprocessing)], preprocessing, size) for view in self.views]
        per_image = preprocessing.normalisation == "per_image"

        def read(row: int) -> Float16[np.ndarray, "height width"]:
            return stacked([view(row) for view in reads], standardise=per_image)

        return read

    def _size_of_a_view(self, recipe: InputRecipe) -> tuple[int, int]:
        height, width = recipe.image_size
        return height // self.panels, width
