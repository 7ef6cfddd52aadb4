"""The input pipeline of the KerasCV starter: tf.data from the npy files, MixUp and two cutouts by KerasCV.

`hbac_assets` is not imported here, since it selects Keras' backend.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import tensorflow

NPY_HEADER_BYTES = 128
CLASSES = 6
SHUFFLED = 256
"""Size of the shuffle buffer, in images."""


def prepare_pipeline(folder: str, batch_size: int, epochs: int, cache: bool) -> Callable[[], int]:
    """Return a function that runs the pipeline over the images of `folder` for `epochs` epochs.

    No work is done before the call or after its return.
    """
    dataset = pipeline(Path(folder), batch_size, epochs, cache=cache)

    def go_through() -> int:
        return sum(int(images.shape[0]) for images, _ in dataset)

    return go_through


def pipeline(folder: Path, batch_size: int, epochs: int, *, cache: bool) -> "tensorflow.data.Dataset":
    """Return batches of images (B, 400, 300, 3) and targets (B, 6), from all npy files of a folder `epochs` times.

    With `cache`, decoded and normalised images are kept in memory, 1.4 MB each, from the first epoch on.
    """
    import tensorflow as tf

    automatic = tf.data.AUTOTUNE
    paths = sorted(map(str, folder.glob("*.npy")))
    targets = np.random.default_rng(0).dirichlet(np.ones(CLASSES), len(paths)).astype(np.float32)
    dataset = tf.data.Dataset.from_tensor_slices((paths, np.zeros(len(paths), np.int32), targets))
    dataset = dataset.map(decoded, num_parallel_calls=automatic)
    if cache:
        dataset = dataset.cache()
    dataset = dataset.repeat(epochs).shuffle(SHUFFLED, seed=0).batch(batch_size, drop_remainder=True)
    return dataset.map(_augmenter(), num_parallel_calls=automatic).prefetch(automatic)


def decoded(path: Any, offset: Any, target: Any) -> tuple[Any, Any]:
    """Return the ten minutes from an offset on as a normalised image of three channels."""
    import tensorflow as tf

    content = tf.strings.substr(tf.io.read_file(path), NPY_HEADER_BYTES, -1)
    spectrogram = tf.reshape(tf.io.decode_raw(content, tf.float32), [400, -1])
    window = spectrogram[:, offset // 2 : offset // 2 + 300]
    window = tf.reshape(tf.pad(window, [[0, 0], [0, tf.maximum(0, 300 - tf.shape(window)[1])]]), [400, 300])
    image = tf.math.log(tf.clip_by_value(window, tf.exp(-4.0), tf.exp(8.0)))
    image = (image - tf.reduce_mean(image)) / (tf.math.reduce_std(image) + 1e-6)
    return tf.tile(image[..., None], [1, 1, 3]), target


def _augmenter() -> Callable[[Any, Any], tuple[Any, Any]]:
    import keras_cv
    import tensorflow as tf

    layers = [
        keras_cv.layers.MixUp(alpha=2.0),
        keras_cv.layers.RandomCutout(height_factor=(1.0, 1.0), width_factor=(0.06, 0.1)),
        keras_cv.layers.RandomCutout(height_factor=(0.06, 0.1), width_factor=(1.0, 1.0)),
    ]

    def augment(images: Any, labels: Any) -> tuple[Any, Any]:
        data = {"images": images, "labels": labels}
        for layer in layers:
            if tf.random.uniform([]) < 0.5:
                data = layer(data, training=True)
        return data["images"], data["labels"]

    return augment
