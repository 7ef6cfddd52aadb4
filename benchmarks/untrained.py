"""Untrained classifiers whose features neither vanish nor explode."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hbac_assets.learning.settings import MemberSettings, Preprocessing

if TYPE_CHECKING:
    import keras

BATCH = 12


def write_untrained(backbone: str, recipe: Preprocessing, images: np.ndarray, path: Path) -> "keras.Model":
    """Save an untrained classifier with the batch statistics of images, and return it.

    Args:
        backbone: the backbone's name.
        recipe: the recipe of the images.
        images: float16 (N, ...).
        path: the path of the `.keras` file.
    """
    import jax.numpy as jnp

    from hbac_assets.learning.backbones import build_classifier
    from hbac_assets.learning.batchnorm import compile_reestimation
    from hbac_assets.learning.image_source import as_images
    from hbac_assets.learning.network import Network

    network = Network(build_classifier(MemberSettings(backbone=backbone, preprocessing=recipe)))
    weights, batch = jnp.asarray(network.weights()), min(BATCH, len(images))
    network.assign(weights, compile_reestimation(network)(weights, network.non_trainable(), as_images(images), batch))
    network.model.save(path)
    return network.model
