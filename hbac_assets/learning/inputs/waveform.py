"""Waveforms: the derivations of the bipolar montage as series, without a transform."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from jaxtyping import Float16

from hbac_assets.learning.inputs.eeg import stored_windows
from hbac_assets.learning.inputs.kind import Stored
from hbac_assets.signals.montage import DERIVATIONS
from hbac_assets.signals.recipes import InputRecipe, WaveformTransform, waveform_shape
from hbac_assets.signals.waveform import waveform
from hbac_assets.signals.window import Window, middle, missing_fraction

if TYPE_CHECKING:
    import pandas as pd

    from hbac_assets.learning.settings import Preprocessing
    from hbac_assets.signals.waveform_recipe import WaveformRecipe


@dataclass(frozen=True)
class WaveformKind:
    """Waveforms (18, times) by a recipe, a channel for each of `montage.DERIVATIONS`.

    The recipe's unit of 32 µV is their only scaling: amplitude, which distinguishes patterns, is kept.
    """

    dimensions: Literal[1] = 1
    augmentations: frozenset[str] = frozenset(
        {"hemisphere_flip", "time_shift", "mixup", "time_mask", "channel_dropout"}
    )
    normalisations: frozenset[str] = frozenset({"per_image"})
    panels: int = 1
    reads: tuple[Literal["eeg"]] = ("eeg",)
    recipes: frozenset[str] = frozenset({"waveform"})
    channels: tuple[tuple[str, ...], ...] = DERIVATIONS

    def sources(self, preprocessing: "Preprocessing") -> "tuple[WaveformRecipe]":
        """Return the member's recipe."""
        assert preprocessing.waveform
        return (preprocessing.waveform,)

    def of_window(self, window: Window, recipe: InputRecipe) -> Float16[np.ndarray, "channels times"] | None:
        """Return a window's waveforms; None if no electrode has a signal during them."""
        transform = _transform(recipe)
        if window.eeg is None or missing_fraction(middle(window.eeg, transform.seconds)) == 1:
            return None
        return waveform(window.eeg, transform)

    def shape(self, recipe: InputRecipe) -> tuple[int, int]:
        """Return (channels, times)."""
        return waveform_shape(_transform(recipe))

    def seconds(self, recipe: InputRecipe) -> tuple[float]:
        """Return the duration of the waveforms, s."""
        return (self.shape(recipe)[1] / _transform(recipe).rate,)

    def reader(
        self, rows: "pd.DataFrame", stored: Stored, preprocessing: "Preprocessing"
    ) -> Callable[[int], Float16[np.ndarray, "channels times"]]:
        """Return a loader from row index to waveforms."""
        (recipe,) = self.sources(preprocessing)
        return stored_windows(rows, stored[recipe], recipe)


def _transform(recipe: InputRecipe) -> WaveformTransform:
    assert recipe.waveform
    return recipe.waveform
