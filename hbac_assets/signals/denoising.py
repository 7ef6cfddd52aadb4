"""Wavelet denoising of signals."""

import numpy as np
from jaxtyping import Float

from hbac_assets.errors import HbacError


def wavelet_denoised(
    signals: Float[np.ndarray, "signals samples"], wavelet: str
) -> Float[np.ndarray, "signals samples"]:
    """Return signals without the wavelet coefficients that white noise would explain.

    The hard threshold is the universal one, σ·√(2·ln n) for n samples (Donoho & Johnstone 1994, Ideal spatial
    adaptation by wavelet shrinkage, https://doi.org/10.1093/biomet/81.3.425). σ is the median absolute deviation of
    the finest detail coefficients over 0.6745, its value for a standard normal. Periodic extension keeps orthogonal
    wavelets orthonormal, so that white noise stays white.

    Args:
        signals: (N, samples), each with a separate threshold.
        wavelet: the name of a discrete wavelet of PyWavelets.

    Returns:
        (N, samples), float32 if `signals` are.

    Raises:
        HbacError: PyWavelets is not installed.
    """
    try:
        import pywt
    except ImportError:
        raise HbacError("PyWavelets: expected the package that denoises, found none; install it") from None

    samples = signals.shape[-1]
    smooth, *details = pywt.wavedec(signals, wavelet, mode="periodization")
    finest = details[-1]
    deviation = np.median(np.abs(finest - np.median(finest, axis=-1, keepdims=True)), axis=-1, keepdims=True) / 0.6745
    threshold = (deviation * np.sqrt(2 * np.log(samples))).astype(signals.dtype)
    kept = [np.where(np.abs(detail) > threshold, detail, 0) for detail in details]
    denoised: np.ndarray = pywt.waverec([smooth, *kept], wavelet, mode="periodization")[..., :samples]
    return denoised
