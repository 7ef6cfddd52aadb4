"""Loading trained models, and class probabilities of images."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Float32

from hbac_assets.batches import full_batches
from hbac_assets.errors import HbacError
from hbac_assets.labels import CLASSES
from hbac_assets.learning.arrays import Array
from hbac_assets.learning.backend import weights_drawn_by_numpy
from hbac_assets.learning.device import on_device
from hbac_assets.learning.image_source import Images, as_images
from hbac_assets.learning.network import Network
from hbac_assets.learning.parallel import replicated, require_divisible
from hbac_assets.learning.test_time import Variant, unchanged

if TYPE_CHECKING:
    import keras

MODELS = {"best": "best.keras", "last": "last.keras"}
"""The files of a trained cell, by `MemberSettings.scored_epoch`."""

# (weights as one vector, non-trainable variables, images (B, H, W)) -> probabilities (B, 6)
Forward = Callable[[Any, Any, Any], Array]


def load_model(path: Path) -> "keras.Model":
    """Return the model in a `.keras` file.

    Raises:
        HbacError: the file is missing or not such a model.
    """
    import keras
    import keras_cv  # noqa: F401  (registers the classes of the backbones)

    if not path.is_file():
        raise HbacError(f"{path}: missing; materialize trained_models")
    try:
        with weights_drawn_by_numpy():
            model = keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # a damaged file can fail anywhere in Keras, zipfile, json or h5py
        raise HbacError(f"{path}: not a whole Keras model ({type(error).__name__}); train this cell again") from error
    if model.output_shape != (None, len(CLASSES)):
        raise HbacError(
            f"{path}: expected a model with {len(CLASSES)} outputs, found {model.output_shape}; train this cell again"
        )
    return model


def predict(
    model: "keras.Model", images: Images | Float[np.ndarray, "rows height width"], batch_size: int
) -> Float32[np.ndarray, "rows 6"]:
    """Return the probabilities of the six classes as float32 (N, 6).

    Arguments and errors as for `predict_variants`.
    """
    return predict_variants(model, images, batch_size, (unchanged,))[:, 0]


def predict_variants(
    model: "keras.Model",
    images: Images | Float[np.ndarray, "rows height width"],
    batch_size: int,
    variants: Sequence[Variant],
) -> Float32[np.ndarray, "rows {len(variants)} 6"]:
    """Return the probabilities of the six classes for variants of each image, float32 (N, variants, 6).

    Models of one architecture, such as the folds of a member, share one compiled program. Each image is read once.

    Args:
        model: a classifier of `hbac_assets.learning.backbones`.
        images: an array (N, H, W), or images opened by `hbac_assets.learning.image_source`.
        batch_size: rows computed at once; the result does not depend on it.
        variants: functions of a batch of images; see `hbac_assets.learning.test_time`.

    Raises:
        HbacError: the images do not have the model's size, or cannot be read.
    """
    import jax
    import jax.numpy as jnp

    images = as_images(images)
    expected, found = model.input_shape[1:3], images.size
    if expected != found:
        raise HbacError(f"images: expected {expected} pixels as the model was trained with, found {found}")
    require_divisible(batch_size)
    network = Network(model)
    weights, non_trainable = jax.device_put((network.weights(), network.non_trainable()), replicated())
    forward = _shared_forward(_Architecture(model))
    if len(images) == 0:
        return np.empty((0, len(variants), len(CLASSES)), dtype=np.float32)

    def of_each(weights: Any, non_trainable: Any, batch: Any) -> Array:
        varied = [forward(*on_device((weights, non_trainable, variant(batch)))) for variant in variants]
        return jnp.stack(varied, axis=1)

    return predict_batches(of_each, weights, non_trainable, images, batch_size)


def compile_forward(network: Network) -> Forward:
    """Return the compiled forward pass of a network, for use outside training."""
    import jax

    @jax.jit
    def forward(
        weights: Float[Array, " weights"], non_trainable: Any, images: Float[Array, "rows height width"]
    ) -> Float[Array, "rows classes"]:
        return network(weights, non_trainable, images, training=False)[0]

    return forward


def predict_batches(
    forward: Forward, weights: Any, non_trainable: list[Any], images: Images, batch_size: int
) -> Float32[np.ndarray, "rows *variants 6"]:
    """Return the results of `forward` for all `images`, (N, 6) or (N, variants, 6).

    The last batch is filled up, so that all have the same shape.
    """
    if len(images) == 0:
        return np.empty((0, len(CLASSES)), dtype=np.float32)
    batches = images.batches(full_batches(np.arange(len(images)), batch_size))
    return np.concatenate([forward(*on_device((weights, non_trainable, batch))) for batch in batches])[: len(images)]


class _Architecture:
    """A model as a cache key: equal for models that differ in their weights only."""

    def __init__(self, model: "keras.Model"):
        self.model = model
        self.description = model.to_json()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Architecture) and self.description == other.description

    def __hash__(self) -> int:
        return hash(self.description)


@lru_cache(maxsize=4)
def _shared_forward(architecture: _Architecture) -> Forward:
    return compile_forward(Network(architecture.model))
