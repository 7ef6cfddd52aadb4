"""Signal quality by second: fractions missing, flat and saturated."""

import numpy as np

from hbac_assets.signals.montage import EEG_RATE

MEASURES = ("missing", "flat", "saturated")
FLAT_UV = 0.1
"""Largest range of a flat second, µV: amplifiers make more noise; the competition's files have steps of 0.1 µV."""
AT_LIMIT = 1e-4
"""Distance from a limit, as a fraction of the range, that counts as saturated: resampling rounds clipped waves."""


def quality(signals: np.ndarray, limits: np.ndarray) -> np.ndarray:
    """Return, for each whole second, the fractions of the samples that are missing, flat and saturated.

    A sample counts once: as missing, else as part of a flat second of its channel, else as saturated.

    Args:
        signals: (samples, channels) in µV at 200 Hz.
        limits: (2, channels), the lowest and highest value that the file can store, in µV.

    Returns:
        float32 (seconds, 3), columns as `MEASURES`.
    """
    seconds = signals[: len(signals) // EEG_RATE * EEG_RATE].reshape(-1, EEG_RATE, signals.shape[1])
    missing = np.isnan(seconds)
    lowest, highest = np.fmin.reduce(seconds, axis=1), np.fmax.reduce(seconds, axis=1)
    flat = (highest - lowest < FLAT_UV)[:, None] & ~missing
    low, high = limits
    near = AT_LIMIT * (high - low) if np.isfinite(limits).all() else np.zeros(len(low))
    saturated = ((seconds <= low + near) | (seconds >= high - near)) & ~flat
    return np.stack([kind.mean(axis=(1, 2)) for kind in (missing, flat, saturated)], axis=1).astype(np.float32)
