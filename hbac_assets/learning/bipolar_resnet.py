"""A residual network over time for waveforms of the bipolar montage, in plain Keras layers.

Both hemispheres share their weights, and the features are invariant to exchanging them: patterns learned on one side
hold for the other.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hbac_assets.signals.montage import DERIVATIONS, SIDE_DERIVATIONS

if TYPE_CHECKING:
    import keras
    from keras import KerasTensor

STEM_TAPS, STEM_FILTERS = 7, 32


def bipolar_resnet(
    *, widths: Sequence[int], depths: Sequence[int], taps: int, input_shape: tuple[int, int], name: str
) -> "keras.Model":
    """Return a network from waveforms (18, times) to features (1, 4 × the last width).

    The sides are the two rows of an image (2, times, 10): the eight derivations of the side and both of the midline.
    Convolutions of height 1 never mix the rows, which share weights and batch-norm statistics. Each feature's mean and
    maximum over time are pooled by mean and maximum over the sides, which determine minimum, sum and absolute
    difference. (Convolutions of height 1 have forms that are fast on the CPU: see `hbac_assets.learning.convolutions`.)

    Blocks are those of He et al. 2016 (https://arxiv.org/abs/1512.03385, figure 2) with the pooled shortcuts of He et
    al. 2019 (https://arxiv.org/abs/1812.01187, figure 2).

    Args:
        widths: filters of each stage; every stage, and the stem, halves the time axis.
        depths: blocks of each stage.
        taps: of the convolutions in blocks, in samples.
        input_shape: derivations, as in `montage.DERIVATIONS`, and times.
        name: of the model.
    """
    import keras

    if input_shape[0] != len(DERIVATIONS):
        raise ValueError(f"input_shape: expected {len(DERIVATIONS)} derivations, found {input_shape[0]}")
    waveforms = keras.Input(input_shape, name="waveforms")
    features = _convolution(_sides(waveforms), STEM_FILTERS, stride=2, taps=STEM_TAPS, name="stem")
    for stage, (filters, depth) in enumerate(zip(widths, depths, strict=True), start=1):
        for block in range(1, depth + 1):
            stride = 2 if block == 1 else 1
            features = _block(features, filters, stride, taps, name=f"stage_{stage}_block_{block}")
    return keras.Model(waveforms, _pooled(features), name=name)


def _sides(waveforms: "KerasTensor") -> Any:
    """Return (2, times, 10) of waveforms (18, times): the left side and the right, each with the midline."""
    from keras import layers

    count, times = waveforms.shape[1:]
    midline = count - 2 * SIDE_DERIVATIONS
    sides = layers.Cropping1D((0, midline), name="sides")(waveforms)
    sides = layers.Reshape((2, SIDE_DERIVATIONS, times), name="sides_as_rows")(sides)
    middle = layers.Cropping1D((count - midline, 0), name="midline")(waveforms)
    middle = layers.Reshape((1, midline, times), name="midline_as_row")(middle)
    middle = layers.UpSampling2D((2, 1), data_format="channels_last", name="midline_of_both")(middle)
    rows = layers.Concatenate(axis=2, name="sides_with_midline")([sides, middle])
    return layers.Permute((1, 3, 2), name="derivations_last")(rows)


def _block(inputs: "KerasTensor", filters: int, stride: int, taps: int, name: str) -> Any:
    from keras import layers

    shortcut = inputs
    if stride > 1:
        shortcut = layers.AveragePooling2D((1, stride), padding="same", name=f"{name}_pooling")(shortcut)
    if inputs.shape[-1] != filters:
        shortcut = _convolution(shortcut, filters, taps=1, activation=None, name=f"{name}_shortcut")
    features = _convolution(inputs, filters, stride, taps=taps, name=f"{name}_1")
    features = _convolution(features, filters, taps=taps, activation=None, name=f"{name}_2")
    return layers.ReLU(name=name)(layers.Add(name=f"{name}_sum")([features, shortcut]))


def _convolution(
    inputs: "KerasTensor", filters: int, stride: int = 1, *, taps: int, activation: str | None = "relu", name: str
) -> Any:
    """Convolution over time and batch normalisation, with the initial weights of He et al. 2015."""
    from keras import initializers, layers

    features = layers.Conv2D(
        filters,
        (1, taps),
        (1, stride),
        padding="same",
        use_bias=False,
        kernel_initializer=initializers.VarianceScaling(2, mode="fan_out"),
        name=f"{name}_convolution",
    )(inputs)
    features = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_normalisation")(features)
    return layers.Activation(activation, name=f"{name}_activation")(features) if activation else features


def _pooled(features: "KerasTensor") -> Any:
    """Return (1, 4 × filters) of features (2, times, filters): pooled over time, then over the sides."""
    from keras import layers

    both = _mean_and_maximum(features, (1, features.shape[2]), name="times")
    both = _mean_and_maximum(both, (2, 1), name="sides")
    return layers.Reshape((1, both.shape[-1]), name="features")(both)


def _mean_and_maximum(inputs: "KerasTensor", pool: tuple[int, int], name: str) -> Any:
    from keras import layers

    pools = layers.AveragePooling2D(pool, name=f"mean_of_{name}"), layers.MaxPooling2D(pool, name=f"maximum_of_{name}")
    return layers.Concatenate(name=f"mean_and_maximum_of_{name}")([layer(inputs) for layer in pools])
