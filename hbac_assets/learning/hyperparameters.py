"""Dropout rate, Adam betas and weight decay as traced variables rather than compile-time constants.

Trials of a search then share one compiled step. The cost is rounding: with constants, 1 - beta is computed in double
precision. So members train with constants.
"""

from typing import TYPE_CHECKING

from hbac_assets.learning.settings import Optimizer

if TYPE_CHECKING:
    import keras


def variable_dropout(rate: float) -> "keras.Layer":
    """Return a layer equal to `keras.layers.Dropout`, with its rate as a non-trainable variable."""
    import keras

    class VariableDropout(keras.layers.Layer):
        def call(self, inputs: "keras.KerasTensor", training: bool = False) -> "keras.KerasTensor":
            if not training:
                return inputs
            kept_share = 1 - self.rate
            kept = keras.random.uniform(keras.ops.shape(inputs), seed=self.seeds) < kept_share
            return keras.ops.cast(keras.ops.where(kept, inputs / kept_share, 0), inputs.dtype)

    layer = VariableDropout(name="dropout")
    layer.seeds = keras.random.SeedGenerator()
    constant = keras.initializers.Constant(rate)
    layer.rate = layer.add_weight(shape=(), initializer=constant, trainable=False, autocast=False)
    return layer


def set_variables(optimizer: "keras.optimizers.Optimizer", settings: Optimizer) -> None:
    """Turn the settings of a built optimizer into variables, after its other variables."""
    import keras

    for name, value in settings:
        constant = keras.initializers.Constant(value)
        setattr(optimizer, name, optimizer.add_variable((), initializer=constant, name=name))
