"""Waveforms of the longitudinal bipolar montage, by a recipe.

The settings of a recipe belong to `waveform_recipe`.
"""

import numpy as np
from jaxtyping import Float, Float16

from hbac_assets.signals.gaps import without_gaps
from hbac_assets.signals.montage import EEG_RATE, EEG_WINDOW, double_banana
from hbac_assets.signals.recipes import WaveformTransform, waveform_shape

FILTER_ORDER = 2
UNIT = 32.0
"""µV per unit of a waveform: quiet recordings have a standard deviation of about 0.4, discharges several units."""


def waveform(
    eeg: Float[np.ndarray, "samples electrodes"], recipe: WaveformTransform
) -> Float16[np.ndarray, "18 times"]:
    """Return the middle of a window of EEG in the longitudinal bipolar montage, in units of 32 µV.

    The whole window is filtered by a zero-phase Butterworth band-pass (forward and backward), whose band edges are at
    -6 dB; then resampled through a low-pass at half the new rate (`scipy.signal.resample_poly`, whose linear phase is
    compensated), cut to its middle and clipped. A missing sample is replaced by the mean of its derivation, or 0 if all
    are missing. Rounding to float16 changes an amplitude below 1024 µV by at most 0.25 µV, one below 32 µV by at most
    0.008 µV.

    Args:
        eeg: (10,000, 19 or 20) in µV at 200 Hz, columns as in `montage.EEG_COLUMNS`.
        recipe: band, rate, length and clip.

    Returns:
        (18, samples) float16: the derivations in the order of `montage.DERIVATIONS`.
    """
    from scipy.signal import butter, resample_poly, sosfiltfilt

    if len(eeg) != EEG_WINDOW:
        raise ValueError(f"eeg: expected {EEG_WINDOW} samples, found {len(eeg)}")
    band_pass = butter(FILTER_ORDER, recipe.band, "bandpass", fs=EEG_RATE, output="sos")
    filtered = sosfiltfilt(band_pass, without_gaps(double_banana(eeg)), axis=1)
    resampled = resample_poly(filtered, recipe.rate, EEG_RATE, axis=1)
    samples = waveform_shape(recipe)[1]
    start = (resampled.shape[1] - samples) // 2
    middle = resampled[:, start : start + samples]
    return np.asarray(np.clip(middle, -recipe.clip, recipe.clip) / UNIT, dtype=np.float16)
