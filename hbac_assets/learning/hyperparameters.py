"""Dropout, Adam's constants and weight decay as variables of model and optimizer instead of constants of the program.

Trainings that differ in them alone then share one compiled step, which a search compiles once and not for each trial.
The price is rounding: a program with constants computes 1 - beta in double precision. So members train with constants.
"""

from typing import TYPE_CHECKING

from hbac_assets.learning.settings import Optimizer

if TYPE_CHECKING:
    import keras


def variable_dropout(rate: float) -> "keras.Layer":
    """Return a layer that drops what `keras.layers.Dropout` drops, its rate a variable that does not learn."""
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
    """Make variables of the settings of an optimizer that is built; they stand behind its others."""
    import keras

    for name, value in settings:
        constant = keras.initializers.Constant(value)
        setattr(optimizer, name, optimizer.add_variable((), initializer=constant, name=name))
