"""The stored arrays made from 50 s of EEG, each kind by its recipe."""

import numpy as np
from jaxtyping import Float

from hbac_assets.signals.eeg_recipe import EegRecipe
from hbac_assets.signals.eeg_spectrogram import eeg_spectrogram
from hbac_assets.signals.waveform import waveform
from hbac_assets.signals.waveform_recipe import WaveformRecipe
from hbac_assets.signals.window import middle

Recipe = EegRecipe | WaveformRecipe
"""Spectrograms of the four chains, or waveforms of the derivations."""


def array_of(eeg: Float[np.ndarray, "samples electrodes"], recipe: Recipe) -> Float[np.ndarray, "rows times"]:
    """Return the array of a 50 s window by a recipe, of the recipe's `shape` and `dtype`; time is the last axis.

    Waveforms are filtered over the whole window before they are cut, so that the filter has settled at their start.
    """
    if isinstance(recipe, EegRecipe):
        return eeg_spectrogram(middle(eeg, recipe.seconds), recipe)
    return waveform(eeg, recipe)
