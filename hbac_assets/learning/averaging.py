"""An exponential moving average (EMA) of a network's weights over the steps of its training (Polyak & Juditsky 1992).

The batch normalisations' running statistics, which belong to the weights of the last steps, are averaged with the same
decay. Training itself does not use the averages.
"""

from typing import Any, NamedTuple

import numpy as np

from hbac_assets.learning.arrays import Array


class Average(NamedTuple):
    """The averages, as arrays; None for values that are not floating-point, such as a generator's state."""

    weights: Any  # the trainable ones, as one vector
    non_trainable: list[Any]

    def updated(self, weights: Array, non_trainable: list[Any], step: Any, decay: float) -> "Average":
        """Return the averages after a step, whose number since training began is `step`, from 0 on.

        With d = min(decay, (1 + step) / (10 + step)), each is d * average + (1 - d) * value: it forgets the initial
        weights faster (as tf.train.ExponentialMovingAverage with `num_updates`).
        """
        import jax
        import jax.numpy as jnp

        moved = 1 - jnp.minimum(decay, (1.0 + step) / (10.0 + step))

        def toward(average: Array, value: Array) -> Array:
            return (average + moved * (value - average)).astype(average.dtype)

        averages: Average = jax.tree.map(toward, self, Average(weights, _averageable(non_trainable)))
        return averages

    def completed(self, non_trainable: list[Any]) -> list[Any]:
        """Return the non-trainable variables, averaged where there is an average."""
        return [
            value if average is None else average
            for average, value in zip(self.non_trainable, non_trainable, strict=True)
        ]

    def with_statistics(self, non_trainable: list[Any]) -> "Average":
        """Return the average of the weights with other non-trainable variables."""
        return self._replace(non_trainable=_averageable(non_trainable))


def average_of(weights: np.ndarray, non_trainable: list[Any]) -> Average:
    """Return the averages before the first step: copies of the initial values, whose memory a step donates."""
    copies = [value if value is None else np.array(value) for value in _averageable(non_trainable)]
    return Average(np.array(weights), copies)


def _averageable(non_trainable: list[Any]) -> list[Any]:
    """Return the values, with None for those that are not floating-point."""
    import jax.numpy as jnp

    return [value if jnp.issubdtype(value.dtype, jnp.floating) else None for value in non_trainable]
