"""Convolutions on the CPU in the forms that XLA computes fast there; every backbone passes through here while it is traced.

XLA's forward pass of an ordinary convolution is as fast as its matrix products. Its gradient by the kernel, which it
writes as a convolution of transposed images, is not, and neither is that by the images where the strides leave gaps.
Depthwise convolutions have a module of their own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING, Any

from hbac_assets.learning.backend import replaced
from hbac_assets.learning.depthwise import shifted_depthwise

if TYPE_CHECKING:
    from jax import Array

Pair = tuple[int, int]


def _pair(value: Any) -> Pair:
    return (value, value) if isinstance(value, int) else (int(value[0]), int(value[1]))

NARROW = 16


@contextmanager
def fast_convolutions() -> Iterator[None]:
    import jax
    from keras.src.backend.jax import nn
    from keras.src.backend import convert_to_tensor

    plain, plain_depthwise = nn.conv, nn.depthwise_conv

    def conv(inputs, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
        usual = (
            inputs.ndim == 4
            and inputs.shape[-1] == kernel.shape[2]
            and _pair(dilation_rate) == (1, 1)
            and data_format == "channels_last"
        )
        if not usual:
            return plain(inputs, kernel, strides, padding, data_format, dilation_rate)
        strides = _pair(strides)
        axes = zip(inputs.shape[1:3], kernel.shape[:2], strides, strict=True)
        borders = tuple(_padding(*axis) if padding == "same" else (0, 0) for axis in axes)
        kernel = convert_to_tensor(kernel)
        inputs = convert_to_tensor(inputs, dtype=kernel.dtype)
        return _dense()(inputs, kernel, strides, borders)

    def depthwise_conv(inputs, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
        usual = kernel.shape[-1] == 1 and _pair(dilation_rate) == (1, 1) and data_format == "channels_last"
        if not usual:
            return plain_depthwise(inputs, kernel, strides, padding, data_format, dilation_rate)
        return shifted_depthwise(inputs, kernel[..., 0], _pair(strides), padding)

    if jax.default_backend() == "cpu":
        with replaced("nn", conv=conv, depthwise_conv=depthwise_conv):
            yield
    else:
        yield


def _padding(pixels: int, taps: int, stride: int) -> Pair:
    total = max((-(-pixels // stride) - 1) * stride + taps - pixels, 0)
    return total // 2, total - total // 2


@lru_cache
def _dense() -> Any:
    import jax

    convolve = jax.custom_vjp(_convolve, nondiff_argnums=(2, 3))
    convolve.defvjp(lambda i, k, s, b: (_convolve(i, k, s, b), (i, k)), _gradients)
    return convolve


def _convolve(images, kernel, strides, borders):
    import jax

    return jax.lax.conv_general_dilated(images, kernel, strides, borders, dimension_numbers=("NHWC", "HWIO", "NHWC"))


def _gradients(strides, borders, saved, outputs):
    import jax

    images, kernel = saved
    (by_images,) = jax.linear_transpose(lambda i: _convolve(i, kernel, strides, borders), images)(outputs)
    if kernel.shape[:2] != (1, 1) and (kernel.shape[2] < 16 or kernel.shape[3] < 32):
        (by_kernel,) = jax.linear_transpose(lambda k: _convolve(images, k, strides, borders), kernel)(outputs)
    else:
        by_kernel = _by_taps(images, kernel, strides, borders, outputs)
    return by_images, by_kernel


def _by_taps(images, kernel, strides, borders, outputs):
    import jax
    import jax.numpy as jnp

    rows, columns, inputs, filters = kernel.shape
    padded = jnp.pad(images, ((0, 0), *borders, (0, 0))) if any(map(any, borders)) else images
    size = outputs.shape[1:3]
    flat = outputs.reshape(-1, filters)
    taps = []
    for row, column in product(range(rows), range(columns)):
        met = padded[
            :,
            row : row + strides[0] * (size[0] - 1) + 1 : strides[0],
            column : column + strides[1] * (size[1] - 1) + 1 : strides[1],
        ]
        taps.append(jax.lax.dot_general(met.reshape(-1, inputs), flat, (((0,), (0,)), ((), ()))))
    return jnp.stack(taps).reshape(kernel.shape)
