"""Test-time augmentation: a prediction as the mean over variants of each image."""

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from jaxtyping import Float32

from hbac_assets.learning.montage_augmentation import Batch, mirrored_images, shifted
from hbac_assets.learning.settings import MemberSettings, Preprocessing

Variant = Callable[[Batch], Batch]
"""From a batch on the device to what becomes of it."""


def unchanged(images: Batch) -> Batch:
    """Return images as they are."""
    return images


def variants(settings: MemberSettings) -> Sequence[Variant]:
    """Return the variants that a member predicts: the image itself first, and every flip with every shift."""
    if settings.test_time is None:
        return (unchanged,)
    flips = (False, True) if settings.test_time.flip else (False,)
    shifts = (0.0, *settings.test_time.shifts)
    return [_variant(settings.preprocessing, flip, seconds) for flip in flips for seconds in shifts]


def mean_over_variants(probabilities: Float32[np.ndarray, "rows variants 6"]) -> Float32[np.ndarray, "rows 6"]:
    """Return the mean of the variants' probabilities, as of the crops in Krizhevsky et al. 2012, section 4.1.

    (ImageNet classification with deep convolutional neural networks, Advances in Neural Information Processing Systems
    25.) The divergence of the mean is never higher than the mean of the variants' divergences, since it is convex in
    the prediction.
    """
    mean: np.ndarray = probabilities.mean(axis=1)
    return mean


@lru_cache
def _variant(preprocessing: Preprocessing, flip: bool, seconds: float) -> Variant:
    """Return one variant, compiled once for all models of a member."""
    import jax
    import jax.numpy as jnp

    if not (flip or seconds):
        return unchanged

    def vary(images: Batch) -> Batch:
        if flip:
            images = mirrored_images(images, preprocessing.kind)
        return shifted(images, jnp.full(len(images), seconds), preprocessing) if seconds else images

    varied: Variant = jax.jit(vary)
    return varied
