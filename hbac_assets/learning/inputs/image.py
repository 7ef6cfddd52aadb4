"""Images: one view of a row, or several stacked along the frequency axis."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
import pandas as pd
from jaxtyping import Float16, Float32

from hbac_assets.learning.inputs.kind import Arrays, Source, Stored
from hbac_assets.learning.normalisation import standardised
from hbac_assets.signals.montage import CHAINS

if TYPE_CHECKING:
    from hbac_assets.learning.settings import Preprocessing


class View(Protocol):
    """A spectrogram of a row's recording."""

    @property
    def recipes(self) -> frozenset[str]: ...  # noqa: D102

    def seconds(self, preprocessing: "Preprocessing") -> float:
        """Return how long a time the view shows."""
        ...

    def source(self, preprocessing: "Preprocessing") -> Source:
        """Return the stored arrays that the view is made from."""
        ...

    def reader(
        self, rows: pd.DataFrame, arrays: Arrays, preprocessing: "Preprocessing", size: tuple[int, int]
    ) -> Callable[[int], Float32[np.ndarray, "height width"]]:
        """Return a function from the number of a row to its view of `size` (H, W), frequency first."""
        ...


@dataclass(frozen=True)
class ImageKind:
    """Views stacked from top to bottom, with equal heights, each standardised by itself if images are.

    Of several views only `per_image` normalisation is possible, since their units differ.
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
    def recipes(self) -> frozenset[str]:
        """The recipe of the EEG's spectrogram, if that is one of the views."""
        return frozenset().union(*(view.recipes for view in self.views))

    def sources(self, preprocessing: "Preprocessing") -> tuple[Source, ...]:
        """Return the stored arrays of the views."""
        return tuple(view.source(preprocessing) for view in self.views)

    def shape(self, preprocessing: "Preprocessing") -> tuple[int, int]:
        """Return (H, W): the size of the image."""
        return preprocessing.image_size

    def seconds(self, preprocessing: "Preprocessing") -> tuple[float, ...]:
        """Return how long a time each view shows."""
        return tuple(view.seconds(preprocessing) for view in self.views)

    def reader(
        self, rows: pd.DataFrame, stored: Stored, preprocessing: "Preprocessing"
    ) -> Callable[[int], Float16[np.ndarray, "height width"]]:
        """Return a function from the number of a row to its image (H, W), frequency first."""
        height, width = preprocessing.image_size
        size = height // self.panels, width
        reads = [view.reader(rows, stored[view.source(preprocessing)], preprocessing, size) for view in self.views]
        per_image = preprocessing.normalisation == "per_image"

        def read(row: int) -> Float16[np.ndarray, "height width"]:
            views = [view(row) for view in reads]
            return np.concatenate([standardised(view) if per_image else view for view in views]).astype(
                np.float16, order="C"
            )

        return read
