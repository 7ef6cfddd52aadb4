"""A classifier as a function of its variables; no other module calls a model.

The trainable weights are one vector, so that the optimizer updates a model in a few operations instead of a few for
each of hundreds of variables.
"""

from dataclasses import dataclass
from itertools import accumulate
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Float32

from hbac_assets.learning.arrays import Array
from hbac_assets.learning.convolutions.replacing import fast_convolutions
from hbac_assets.learning.images import to_channels

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Network:
    """The forward pass of a classifier of `hbac_assets.learning.backbones`, for use within a compiled program."""

    model: "keras.Model"

    def __call__(
        self,
        weights: Float[Array, " weights"],
        non_trainable: list[Any],
        images: Float[Array, "rows height width"],
        *,
        training: bool,
    ) -> tuple[Float[Array, "rows classes"], list[Array]]:
        """Return the class probabilities (B, 6), and the updated non-trainable variables.

        Args:
            weights: the trainable ones, as one vector.
            non_trainable: the values of the other variables, in the model's order.
            images: (B, H, W).
            training: whether normalisations use the batch's statistics, and dropout is active.
        """
        with fast_convolutions(self.model):
            probabilities, non_trainable = self.model.stateless_call(
                self._shaped(weights), non_trainable, self._entering(images), training=training
            )
        return probabilities, non_trainable

    def _entering(self, images: Float[Array, "rows height width"]) -> Float32[Array, "rows height width ..."]:
        """Return images repeated in the three channels of an image network; series unchanged."""
        import jax.numpy as jnp

        return to_channels(images) if len(self.model.input_shape) == 4 else images.astype(jnp.float32)

    def weights(self) -> Float32[np.ndarray, " weights"]:
        """Return the model's trainable weights, concatenated."""
        return np.concatenate([np.ravel(variable.value) for variable in self.model.trainable_variables])

    def non_trainable(self) -> list[Array]:
        """Return the model's other values: statistics of normalisations, states of dropout's generators."""
        return [variable.value for variable in self.model.non_trainable_variables]

    def assign(self, weights: Float[Array, " weights"], non_trainable: list[Any]) -> None:
        """Put values into the model's variables."""
        for variable, value in zip(self.model.trainable_variables, self._shaped(weights), strict=True):
            variable.assign(value)
        for variable, value in zip(self.model.non_trainable_variables, non_trainable, strict=True):
            variable.assign(value)

    def _shaped(self, weights: Float[Array, " weights"]) -> list[Array]:
        """Return the parts of a vector of weights in the shapes of the trainable variables."""
        import jax.numpy as jnp

        shapes = [variable.shape for variable in self.model.trainable_variables]
        borders = list(accumulate(prod(shape) for shape in shapes))[:-1]
        return [part.reshape(shape) for part, shape in zip(jnp.split(weights, borders), shapes, strict=True)]
