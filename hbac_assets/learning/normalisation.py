"""Standardisation of pixels: per image before the model, or data-wide within it.

Per image, a model takes standardised images, as `inputs` makes them. Data-wide, it takes logarithms: its first layer
subtracts the mean and divides by the standard deviation of the fold's training images. That layer is a frozen batch
normalisation, because its statistics are variables: the model's file stores them, and the models of all folds share
one compiled program. They count as six non-trainable parameters, two for each of the three equal channels.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from hbac_assets.batches import full_batches
from hbac_assets.learning.arrays import Array
from hbac_assets.learning.image_source import Images
from hbac_assets.signals.images import SMALLEST_DEVIATION

if TYPE_CHECKING:
    import keras

LAYER = "normalisation"


def normalisation_layer() -> "keras.Layer":
    """Return the first layer of a model with data-wide normalisation; `fit_normalisation` sets its statistics."""
    import keras

    return keras.layers.BatchNormalization(
        center=False, scale=False, epsilon=SMALLEST_DEVIATION**2, trainable=False, dtype="float32", name=LAYER
    )


def fit_normalisation(model: "keras.Model", images: Images, batch_size: int) -> None:
    """Set the statistics of a model with data-wide normalisation to those of `images`; leave others unchanged.

    Args:
        model: a classifier of `hbac_assets.learning.backbones`.
        images: the training images, and no others.
        batch_size: rows at a time; the statistics do not depend on it.
    """
    if is_data_wide(model):
        mean, variance = mean_and_variance(images, batch_size)
        layer = model.get_layer(LAYER)
        layer.moving_mean.assign(np.full(3, mean))
        layer.moving_variance.assign(np.full(3, variance))


def mean_and_variance(images: Images, batch_size: int) -> tuple[float, float]:
    """Return mean and variance over all pixels of `images`, accumulated per image in double precision.

    The variance is the mean of the images' variances plus the variance of their means.
    """
    batches = map(np.asarray, images.batches(full_batches(np.arange(len(images)), batch_size)))
    each = [(image.mean(dtype=np.float64), image.var(dtype=np.float64)) for batch in batches for image in batch]
    means, variances = np.array(each)[: len(images)].T
    return float(means.mean()), float(variances.mean() + means.var())


def dataset_mean(model: "keras.Model", others: Any) -> Array | float:
    """Return the mean of a model's input images, given the values `others` of its non-trainable variables."""
    if not is_data_wide(model):
        return 0.0
    mean = model.get_layer(LAYER).moving_mean
    position = next(number for number, found in enumerate(model.non_trainable_variables) if found is mean)
    value: Array = others[position]
    return value[0]


def is_data_wide(model: "keras.Model") -> bool:
    """Return whether the model standardises its images itself."""
    return any(layer.name == LAYER for layer in model.layers)
