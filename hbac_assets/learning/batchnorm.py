"""Re-estimation of batch-norm statistics on the training images.

Running averages lag behind the weights: with a momentum of m, the statistics from n steps ago still have the weight
m^n. Averages over the training images with the present weights do not lag (PreciseBN: Wu & Johnson 2021, "Rethinking
'Batch' in BatchNorm", https://arxiv.org/abs/2105.07576, section 3).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from hbac_assets.batches import full_batches
from hbac_assets.learning.arrays import Array
from hbac_assets.learning.image_source import Images
from hbac_assets.learning.network import Network
from hbac_assets.learning.parallel import replicated

if TYPE_CHECKING:
    import keras

# (weights as one vector, non-trainable variables, images, batch size) -> non-trainable variables
Reestimate = Callable[[Any, list[Any], Images, int], list[Any]]


def compile_reestimation(network: Network) -> Reestimate:
    """Return a function that re-estimates a network's batch-norm statistics on given images (PreciseBN).

    The images pass through the network in training mode, in batches of equal size, without augmentation. A layer's mean
    is the mean over batches; its variance that of all batches together.
    """
    import jax
    import jax.numpy as jnp

    layers = batch_normalisations(network.model)
    place = {id(variable): number for number, variable in enumerate(network.model.non_trainable_variables)}
    places = [(place[id(layer.moving_mean)], place[id(layer.moving_variance)]) for layer in layers]

    @jax.jit
    def batch_statistics(weights: Array, non_trainable: Any, images: Array) -> Any:
        with only_this_batch(layers):
            _, non_trainable = network(weights, non_trainable, images, training=True)
        return [(non_trainable[mean], non_trainable[variance]) for mean, variance in places]

    def reestimate(weights: Any, non_trainable: list[Any], images: Images, batch_size: int) -> list[Any]:
        batches = images.batches(full_batches(np.arange(len(images)), batch_size))
        found = [batch_statistics(weights, non_trainable, batch) for batch in batches]
        non_trainable = list(non_trainable)
        for layer, (mean, variance) in enumerate(places):
            means, variances = (jnp.stack(values) for values in zip(*(one[layer] for one in found), strict=True))
            non_trainable[mean] = means.mean(axis=0)
            non_trainable[variance] = variances.mean(axis=0) + means.var(axis=0)
        return list(jax.device_put(non_trainable, replicated()))

    return reestimate


def batch_normalisations(model: "keras.Model") -> "list[keras.layers.BatchNormalization]":
    """Return the layers of `model` that normalise by batch statistics in training.

    Excluded are fixed ones, as for data-wide normalisation, and unused ones that keras-cv's blocks create.
    """
    import keras

    layers = [one for one in model._flatten_layers() if isinstance(one, keras.layers.BatchNormalization)]
    return [one for one in layers if one.trainable and one.built]


@contextmanager
def only_this_batch(layers: "list[keras.layers.BatchNormalization]") -> Iterator[None]:
    """Within the block, traced layers use the batch's statistics as running ones."""
    momenta = [layer.momentum for layer in layers]
    try:
        for layer in layers:
            layer.momentum = 0.0
        yield
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
