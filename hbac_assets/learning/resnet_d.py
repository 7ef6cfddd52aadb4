"""ResNet-D in plain Keras layers: keras-cv has ResNet without the deep stem and the pooled shortcuts."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras
    from keras import KerasTensor


def resnet_d(
    *, widths: Sequence[int], depths: Sequence[int], input_shape: tuple[int, int, int], name: str
) -> "keras.Model":
    """Return a ResNet-D of basic blocks (He et al. 2019, https://arxiv.org/abs/1812.01187, figure 2).

    The stem is three 3 x 3 convolutions of 32, 32 and 64 filters instead of one of 7 x 7, and in a block that halves
    its image the shortcut averages 2 x 2 pixels before its 1 x 1 convolution instead of dropping three of four.

    With widths 64, 128, 256, 512 and depths 3, 4, 6, 3 it is ResNet34d. On three channels it has 21,321,056
    parameters: 28,512 in the convolutions of the stem, 21,258,240 in those of the blocks (172,032 of them in the three
    shortcuts), and four for each of the 8,576 filters in batch normalisations. Two of these four are running
    statistics; without them, as PyTorch counts, it has 21,303,904.

    Args:
        widths: filters of each stage; every stage but the first halves height and width.
        depths: blocks of each stage.
        input_shape: height, width and channels of the images.
        name: of the model.
    """
    import keras

    images = keras.Input(input_shape, name="image")
    features = images
    for number, (filters, stride) in enumerate([(32, 2), (32, 1), (64, 1)]):
        features = _convolution(features, filters, stride, name=f"stem_{number + 1}")
    features = keras.layers.MaxPooling2D(3, strides=2, padding="same", name="stem_pooling")(features)
    for stage, (filters, depth) in enumerate(zip(widths, depths, strict=True)):
        for block in range(depth):
            stride = 2 if stage > 0 and block == 0 else 1
            features = _basic_block(features, filters, stride, name=f"stage_{stage + 1}_block_{block + 1}")
    return keras.Model(images, features, name=name)


def _basic_block(inputs: "KerasTensor", filters: int, stride: int, name: str) -> Any:
    import keras

    shortcut = inputs
    if stride > 1:
        shortcut = keras.layers.AveragePooling2D(stride, padding="same", name=f"{name}_pooling")(shortcut)
    if inputs.shape[-1] != filters:
        shortcut = _convolution(shortcut, filters, taps=1, activation=None, name=f"{name}_shortcut")
    features = _convolution(inputs, filters, stride, name=f"{name}_1")
    features = _convolution(features, filters, activation=None, name=f"{name}_2")
    return keras.layers.ReLU(name=name)(keras.layers.Add(name=f"{name}_sum")([features, shortcut]))


def _convolution(
    inputs: "KerasTensor", filters: int, stride: int = 1, *, taps: int = 3, activation: str | None = "relu", name: str
) -> Any:
    """Convolution and batch normalisation with the constants of He et al. 2016."""
    import keras

    features = keras.layers.Conv2D(
        filters,
        taps,
        stride,
        padding="same",
        use_bias=False,
        kernel_initializer=keras.initializers.VarianceScaling(2, mode="fan_out"),
        name=f"{name}_convolution",
    )(inputs)
    features = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_normalisation")(features)
    return keras.layers.Activation(activation, name=f"{name}_activation")(features) if activation else features
