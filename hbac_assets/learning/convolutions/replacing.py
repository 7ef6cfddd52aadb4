"""Replacement of a model's convolutions by the forms of this package, inside a block that traces it.

Within the block its layers have another `call`. `keras.models.clone_model` with other layers would not suffice:
keras-cv's blocks, such as those of EfficientNetV2, create their convolutions internally, out of reach of a
`clone_function`. And saved models must be plain Keras, so that their files open anywhere.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from hbac_assets.learning.arrays import Array
from hbac_assets.learning.convolutions.depthwise import depthwise
from hbac_assets.learning.convolutions.ordinary import ordinary
from hbac_assets.learning.convolutions.taps import same_padding

if TYPE_CHECKING:
    import keras


@contextmanager
def fast_convolutions(model: "keras.Model") -> Iterator[None]:
    """Let `model` compute its convolutions in forms that are fast on the CPU, within the block.

    On other devices nothing changes.
    """
    import jax

    layers = _convolutions(model) if jax.default_backend() == "cpu" else []
    try:
        for layer, form in layers:
            layer.call = partial(_call, layer, form)
        yield
    finally:
        for layer, _ in layers:
            vars(layer).pop("call", None)


def _convolutions(model: "keras.Model") -> list[tuple[Any, Callable[..., Array]]]:
    """Return the layers at any depth that have a fast form, with that form."""
    import keras

    found: list[tuple[Any, Callable[..., Array]]] = []
    for layer in model._flatten_layers():
        if type(layer) is keras.layers.Conv2D and layer.groups == 1:
            found.append((layer, ordinary))
        elif type(layer) is keras.layers.DepthwiseConv2D and layer.depth_multiplier == 1:
            found.append((layer, depthwise))
    return [
        (layer, form)
        for layer, form in found
        if layer.data_format == "channels_last" and tuple(layer.dilation_rate) == (1, 1)
    ]


def _call(layer: Any, form: Callable[..., Array], inputs: Any) -> Any:
    """Compute the same as the layer: convolution, bias, activation."""
    from keras import ops

    kernel = ops.convert_to_tensor(layer.kernel)
    images = ops.convert_to_tensor(inputs, dtype=kernel.dtype)
    axes = zip(images.shape[1:3], kernel.shape[:2], layer.strides, strict=True)
    borders = tuple(same_padding(*axis) if layer.padding == "same" else (0, 0) for axis in axes)
    outputs = form(images, kernel, tuple(layer.strides), borders)
    if layer.use_bias:
        outputs = ops.add(outputs, ops.reshape(layer.bias, (1, 1, 1, -1)))
    return outputs if layer.activation is None else layer.activation(outputs)
