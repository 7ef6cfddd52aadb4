"""Spectrograms made from the EEG by a recipe: the mel spectrogram common among competitors, or a plain STFT.

A Fourier transform at few frequencies is a matrix product, and one product serves all frames of a chain. Chain by
chain, everything fits a processor's cache. The settings of a recipe belong to `eeg_recipe`.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import Float, Float32
from numpy.lib.stride_tricks import sliding_window_view

from hbac_assets.signals.averaging import averaging_matrix
from hbac_assets.signals.denoising import wavelet_denoised
from hbac_assets.signals.gaps import without_gaps
from hbac_assets.signals.montage import CHAINS, EEG_RATE, bipolar
from hbac_assets.signals.recipes import EegTransform, frame_count, hop

if TYPE_CHECKING:
    from scipy.sparse import csr_array

LEAST_POWER = 1e-10
DECIBELS = 80.0
"""Dynamic range in dB: lower values are raised to this distance from the derivation's maximum."""


def eeg_spectrogram(
    eeg: Float[np.ndarray, "samples electrodes"], recipe: EegTransform
) -> Float32[np.ndarray, "{4*recipe.size[0]} {recipe.size[1]}"]:
    """Return the spectrogram of each chain: the mean, in decibels, over its four bipolar derivations.

    Decibels are relative to the largest power of the derivation, from -80 to 0, and scaled to -1 to 1. The mel
    spectrogram equals librosa's (https://librosa.org, `melspectrogram` and `power_to_db`): centred frames padded with
    zeros, a periodic Hann window, Slaney's mel filters. A missing sample is replaced by the mean of its derivation, or
    0 if all are missing; a derivation of zeros is 1 everywhere, as in librosa.

    Args:
        eeg: (samples, 19 or 20) in µV at 200 Hz, columns as in `montage.EEG_COLUMNS`; of the recipe's length.
        recipe: transform, grid and denoising.

    Returns:
        (4 × bands, columns) float32: the chains one after another in the order of `montage.CHAINS`.
    """
    samples = recipe.seconds * EEG_RATE
    if len(eeg) != samples:
        raise ValueError(f"eeg: expected {samples} samples, found {len(eeg)}")
    return np.concatenate([_chain_image(bipolar(eeg, chain), recipe) for chain in CHAINS])


def _chain_image(
    differences: Float[np.ndarray, "4 samples"], recipe: EegTransform
) -> Float32[np.ndarray, "{recipe.size[0]} {recipe.size[1]}"]:
    """Return (bands, columns) of the derivations (4, samples) of a chain."""
    signals = without_gaps(differences)
    if recipe.denoising:
        signals = wavelet_denoised(signals, recipe.denoising)
    tables = _tables(recipe)
    power = (tables.bands @ _power(signals, recipe, tables)).reshape(recipe.size[0], len(signals), -1)
    log_ratio = _log_ratio(power)[..., :-1]  # the last frame, half beyond the window, counts only for the maximum
    scaled: np.ndarray = log_ratio.sum(axis=1) * np.float32(20 / DECIBELS / np.log(10) / len(signals)) + 1
    return scaled if scaled.shape[1] == recipe.size[1] else (tables.columns @ scaled.T).T


def _power(
    signals: Float32[np.ndarray, "signals samples"], recipe: EegTransform, tables: "_Tables"
) -> Float32[np.ndarray, "bins frames"]:
    """Return the power (bins, N × frames) of signals (N, samples).

    The window is symmetric, so samples at equal distance from a frame's middle are added for the cosines and subtracted
    for the sines before the multiplication, which halves the work. This changes only the phase, not the power.
    """
    half = recipe.segment_length // 2
    padded = np.pad(signals, ((0, 0), (half, half)))
    frames = sliding_window_view(padded, recipe.segment_length, axis=1)[:, :: hop(recipe)]
    later, earlier = frames[..., half:], frames[..., half:0:-1]  # the first sample of a periodic window has no weight
    real: np.ndarray = tables.cosines @ (later + earlier).reshape(-1, half).T
    imaginary = tables.sines @ (later - earlier).reshape(-1, half).T
    real *= real
    imaginary *= imaginary
    real += imaginary
    return real


def _log_ratio(
    power: Float32[np.ndarray, "bands differences frames"],
) -> Float32[np.ndarray, "bands differences frames"]:
    """Return the natural logarithm of the power (bands, differences, frames) over the maximum of its derivation."""
    largest = np.maximum(power.max(axis=0).max(axis=1), LEAST_POWER)[:, None]
    power = np.maximum(power, np.maximum(largest * np.float32(10 ** (-DECIBELS / 10)), LEAST_POWER))
    power /= largest
    np.log(power, out=power)
    return power


class _Tables(NamedTuple):
    """The matrices of a recipe's transform, in float32, with only the bins that a band needs."""

    cosines: Float32[np.ndarray, "bins half_a_segment"]
    sines: Float32[np.ndarray, "bins half_a_segment"]
    bands: "csr_array"  # (bands, bins)
    columns: "csr_array"  # (columns, frames)


@lru_cache(maxsize=8)
def _tables(recipe: EegTransform) -> _Tables:
    from scipy.signal.windows import hann
    from scipy.sparse import csr_array

    frequencies = np.fft.rfftfreq(recipe.fft_length, 1 / EEG_RATE)
    bands = (_mel_filters if recipe.transform == "mel" else _averages)(frequencies, recipe)
    bins = np.flatnonzero(bands.any(axis=0))
    half = recipe.segment_length // 2
    angles = 2 * np.pi / recipe.fft_length * np.outer(bins, np.arange(half))
    window = hann(recipe.segment_length, sym=False)[half:]
    cosines, sines = np.cos(angles) * window, np.sin(angles) * window
    cosines[:, 0] /= 2  # the middle sample is added to itself
    return _Tables(
        cosines.astype(np.float32),
        sines.astype(np.float32),
        csr_array(bands[:, bins].astype(np.float32)),
        averaging_matrix(frame_count(recipe), recipe.size[1]),
    )


def _mel_filters(
    frequencies: Float[np.ndarray, " bins"], recipe: EegTransform
) -> Float[np.ndarray, "{recipe.size[0]} bins"]:
    """Return (bands, bins): triangles of equal area (Slaney 1998, Auditory Toolbox, report 1998-010).

    Below 1,000 Hz, hence at all EEG frequencies, Slaney's mel scale is linear: the triangles are equally wide.
    """
    corners = np.linspace(*recipe.frequencies, recipe.size[0] + 2)
    width = corners[1] - corners[0]
    distances = np.abs(frequencies - corners[1:-1, None])
    filters: np.ndarray = np.maximum(0, 1 - distances / width) / width
    return filters


def _averages(
    frequencies: Float[np.ndarray, " bins"], recipe: EegTransform
) -> Float[np.ndarray, "{recipe.size[0]} bins"]:
    """Return (bands, bins): the bins within the recipe's frequencies, averaged to the bands."""
    low, high = recipe.frequencies
    within = (low <= frequencies) & (frequencies <= high)
    averages = np.zeros((recipe.size[0], len(frequencies)))
    averages[:, within] = averaging_matrix(int(within.sum()), recipe.size[0]).toarray()
    return averages
