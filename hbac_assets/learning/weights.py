"""The trainable weights of a model as one vector.

The optimizer then updates a model in a few operations instead of a few for each of hundreds of variables.
"""

from itertools import accumulate
from math import prod
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras
    from jax import Array


def flatten(model: "keras.Model") -> np.ndarray:
    """Return the trainable weights of `model`, one after the other."""
    return np.concatenate([np.ravel(variable.value) for variable in model.trainable_variables])


def unflatten(vector: "Array | np.ndarray", model: "keras.Model") -> "list[Array]":
    """Return the parts of `vector` in the shapes of the trainable variables of `model`."""
    import jax.numpy as jnp

    shapes = [variable.shape for variable in model.trainable_variables]
    borders = list(accumulate(prod(shape) for shape in shapes))[:-1]
    return [part.reshape(shape) for part, shape in zip(jnp.split(vector, borders), shapes, strict=True)]
