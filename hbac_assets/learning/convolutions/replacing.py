"""Where Keras computes convolutions in the forms of this package: inside a block that traces a model."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hbac_assets.learning.backend import replaced
from hbac_assets.learning.convolutions.depthwise import depthwise
from hbac_assets.learning.convolutions.ordinary import ordinary
from hbac_assets.learning.convolutions.taps import pair, same_padding

if TYPE_CHECKING:
    from jax import Array

Convolution = Callable[..., "Array"]


@contextmanager
def fast_convolutions() -> Iterator[None]:
    """Let Keras compute the convolutions of backbones in forms that are fast on the CPU, within the block.

    Where JAX does not run on the CPU, nothing changes.
    """
    import jax
    from keras.src.backend.jax import nn

    if jax.default_backend() != "cpu":
        yield
        return
    with replaced(
        "nn",
        conv=_usually(ordinary, nn.conv, lambda images, kernel: kernel.shape[2] == images.shape[3]),
        depthwise_conv=_usually(depthwise, nn.depthwise_conv, lambda images, kernel: kernel.shape[3] == 1),
    ):
        yield


def _usually(fast: Convolution, plain: Convolution, fits: Callable[[Any, Any], bool]) -> Convolution:
    """Return what stands in for Keras' `plain`: `fast` for images, channels last, not dilated, where it fits."""

    def convolution(
        inputs: "Array",
        kernel: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
    ) -> "Array":
        from keras.src.backend import convert_to_tensor

        usual = inputs.ndim == 4 and data_format == "channels_last" and pair(dilation_rate) == (1, 1)
        if not (usual and fits(inputs, kernel)):
            return plain(inputs, kernel, strides, padding, data_format, dilation_rate)
        kernel = convert_to_tensor(kernel)
        images = convert_to_tensor(inputs, dtype=kernel.dtype)
        axes = zip(images.shape[1:3], kernel.shape[:2], pair(strides), strict=True)
        borders = tuple(same_padding(*axis) if padding == "same" else (0, 0) for axis in axes)
        return fast(images, kernel, pair(strides), borders)

    return convolution
