"""Waveforms: the derivations of the bipolar montage as series, without a transform."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from jaxtyping import Float16

from hbac_assets.learning.inputs.eeg import stored_windows
from hbac_assets.learning.inputs.kind import Stored
from hbac_assets.signals.montage import DERIVATIONS
from hbac_assets.signals.waveform_recipe import WaveformRecipe

if TYPE_CHECKING:
    from hbac_assets.learning.settings import Preprocessing


@dataclass(frozen=True)
class WaveformKind:
    """Waveforms (18, times) as a recipe makes them, a channel for each of `montage.DERIVATIONS`.

    The recipe's unit of 32 µV is their only scaling: amplitude, which tells patterns apart, is kept.
    """

    dimensions: Literal[1] = 1
    augmentations: frozenset[str] = frozenset(
        {"hemisphere_flip", "time_shift", "mixup", "time_mask", "channel_dropout"}
    )
    normalisations: frozenset[str] = frozenset({"per_image"})
    panels: int = 1
    recipes: frozenset[str] = frozenset({"waveform"})
    channels: tuple[tuple[str, ...], ...] = DERIVATIONS

    def sources(self, preprocessing: "Preprocessing") -> tuple[WaveformRecipe]:
        """Return the member's recipe."""
        assert preprocessing.waveform
        return (preprocessing.waveform,)

    def shape(self, preprocessing: "Preprocessing") -> tuple[int, int]:
        """Return (channels, times)."""
        return self.sources(preprocessing)[0].shape

    def seconds(self, preprocessing: "Preprocessing") -> tuple[float]:
        """Return how long the waveforms are."""
        (recipe,) = self.sources(preprocessing)
        return (recipe.shape[1] / recipe.rate,)

    def reader(
        self, rows: pd.DataFrame, stored: Stored, preprocessing: "Preprocessing"
    ) -> Callable[[int], Float16[np.ndarray, "channels times"]]:
        """Return a function from the number of a row to its waveforms."""
        (recipe,) = self.sources(preprocessing)
        return stored_windows(rows, stored[recipe], recipe)
