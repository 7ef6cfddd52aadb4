"""A network's image from a spectrogram: cut, clipped, averaged, standardised.

The same functions serve stored spectrograms, new recordings and bundles.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Float16, Float32

from hbac_assets.signals.averaging import image_averaging

SMALLEST_DEVIATION = 1e-6  # the divisor of constant images


def kaggle_image(
    power: Float32[np.ndarray, "400 300"], columns: int, clip: tuple[float, float], size: tuple[int, int]
) -> Float32[np.ndarray, "{size[0]} {size[1]}"]:
    """Return the image of the competition's spectrogram: the logarithm of its middle `columns`, averaged to `size`.

    Args:
        power: (400, 300) in µV²/Hz, zero where missing.
        columns: the number used of the 300.
        clip: bounds of the natural logarithm.
        size: (H, W).
    """
    return averaged(log_power(central_columns(power, columns), clip), size)


def central_columns(window: Float[np.ndarray, "frequencies times"], columns: int) -> Float[np.ndarray, "frequencies _"]:
    """Return the middle `columns` columns, around the labelled moment."""
    start = (window.shape[1] - columns) // 2
    return window[:, start : start + columns]


def log_power(power: Float[np.ndarray, "..."], clip: tuple[float, float]) -> Float[np.ndarray, "..."]:
    """Return the natural logarithm of `power`, clipped to the bounds `clip`."""
    low, high = np.exp(np.array(clip, dtype=np.float32))
    return np.asarray(np.log(np.clip(power, low, high)))


def averaged(
    image: Float32[np.ndarray, "height width"], size: tuple[int, int]
) -> Float32[np.ndarray, "{size[0]} {size[1]}"]:
    """Return an image averaged to `size` (H, W) by area."""
    return np.asarray(image_averaging((image.shape[0], image.shape[1]), size)(image))


def stacked(views: Sequence[np.ndarray], *, standardise: bool) -> Float16[np.ndarray, "_ width"]:
    """Return views (_, W) stacked vertically in half precision, each standardised separately if `standardise`."""
    parts = [standardised(view) if standardise else view for view in views]
    return np.concatenate(parts).astype(np.float16, order="C")


def standardised(image: Float[np.ndarray, "height width"]) -> Float32[np.ndarray, "height width"]:
    """Return (x - mean) / (standard deviation + 1e-6) of an image, float32."""
    centred = image - np.float32(image.mean(dtype=np.float64))  # exact for constant images
    return np.asarray(centred / (np.sqrt(np.square(centred).mean()) + SMALLEST_DEVIATION), dtype=np.float32)
