"""Replacement of missing samples."""

import numpy as np
from jaxtyping import Float, Float32


def without_gaps(signals: Float[np.ndarray, "signals samples"]) -> Float32[np.ndarray, "signals samples"]:
    """Return signals (N, samples) in float32, each missing sample (NaN) replaced by the mean of its signal, or by 0."""
    missing = np.isnan(signals)
    if missing.any():
        present = (~missing).sum(axis=1, keepdims=True)
        means = np.where(missing, 0, signals).sum(axis=1, keepdims=True) / np.maximum(present, 1)
        signals = np.where(missing, means, signals)
    return signals.astype(np.float32, copy=False)
