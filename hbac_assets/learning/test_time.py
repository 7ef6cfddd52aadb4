"""Test-time augmentation: a prediction as the mean over variants of each input.

It works on NumPy and device arrays; bundles carry this module.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from hbac_assets.learning.inputs.channels import mirrored_lines, shifted_columns
from hbac_assets.learning.inputs.kinds import KINDS
from hbac_assets.signals.recipes import InputRecipe, VariantSettings

Variant = Callable[[Any], Any]
"""A function of a batch (B, lines, times) that keeps its shape."""


def unchanged(images: Any) -> Any:
    """Return images unchanged."""
    return images


def variants(recipe: InputRecipe, settings: VariantSettings | None) -> Sequence[Variant]:
    """Return the variants that a member predicts: the input itself first, and every flip with every shift."""
    if settings is None:
        return (unchanged,)
    flips = (False, True) if settings.flip else (False,)
    shifts = (0.0, *settings.shifts)
    return [_variant(recipe, flip, seconds) for flip in flips for seconds in shifts]


def mean_over_variants(probabilities: Float[np.ndarray, "rows variants 6"]) -> Float[np.ndarray, "rows 6"]:
    """Return the mean of the variants' probabilities, as for the crops in Krizhevsky et al. 2012, section 4.1.

    (ImageNet classification with deep convolutional neural networks, Advances in Neural Information Processing Systems
    25.) The divergence of the mean is never higher than the mean of the variants' divergences, since it is convex in
    the prediction.
    """
    mean: np.ndarray = probabilities.mean(axis=1)
    return mean


def _variant(recipe: InputRecipe, flip: bool, seconds: float) -> Variant:
    if not (flip or seconds):
        return unchanged
    kind = KINDS[recipe.input]
    lines = np.arange(kind.shape(recipe)[0])
    mirrored = mirrored_lines(kind, len(lines)) if flip else lines
    columns = shifted_columns(kind, recipe, seconds)

    def vary(images: Any) -> Any:
        return images[:, mirrored[:, None], columns]

    return vary
