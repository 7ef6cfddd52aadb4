"""Depthwise convolution as shifted multiply-adds, for the CPU.

XLA computes a depthwise convolution on the CPU many times slower than the k² multiplications and additions of
shifted images that define it, forward and backward. Every backbone passes through here while it is traced.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from hbac_assets.learning.backend import replaced

if TYPE_CHECKING:
    from jax import Array

Pair = tuple[int, int]


@contextmanager
def fast_depthwise() -> Iterator[None]:
    """Let Keras compute depthwise convolutions as shifted multiply-adds within the block.

    Where JAX does not run on the CPU, nothing changes.
    """
    import jax
    from keras.src.backend.jax.nn import depthwise_conv as plain

    def depthwise_conv(
        inputs: "Array",
        kernel: "Array",
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
    ) -> "Array":
        usual = kernel.shape[-1] == 1 and _pair(dilation_rate) == (1, 1) and data_format == "channels_last"
        if not usual:
            return plain(inputs, kernel, strides, padding, data_format, dilation_rate)
        return shifted_depthwise(inputs, kernel[..., 0], _pair(strides), padding)

    if jax.default_backend() == "cpu":
        with replaced("nn", depthwise_conv=depthwise_conv):
            yield
    else:
        yield


def shifted_depthwise(images: "Array", kernel: "Array", strides: Pair, padding: str) -> "Array":
    """Return the depthwise convolution of `images` (B, H, W, C) with `kernel` (k, l, C).

    Args:
        images: channels last.
        kernel: one filter for each channel.
        strides: over height and width.
        padding: `same` or `valid`, as TensorFlow and XLA define them.
    """
    import jax.numpy as jnp

    axes = zip(images.shape[1:3], kernel.shape[:2], strides, strict=True)
    borders = [_padding(*axis) if padding == "same" else (0, 0) for axis in axes]
    return _unpadded()(jnp.pad(images, ((0, 0), *borders, (0, 0))), kernel, strides)


def _padding(pixels: int, taps: int, stride: int) -> Pair:
    """Return the zeros around an axis that leave ceil(pixels / stride) outputs, the odd one behind."""
    total = max((-(-pixels // stride) - 1) * stride + taps - pixels, 0)
    return total // 2, total - total // 2


def _pair(value: Any) -> Pair:
    return (value, value) if isinstance(value, int) else (int(value[0]), int(value[1]))


@lru_cache
def _unpadded() -> Any:
    """Return the convolution without padding, its gradient written by hand (made late: it needs JAX)."""
    import jax

    convolve = jax.custom_vjp(_convolve, nondiff_argnums=(2,))
    convolve.defvjp(lambda images, kernel, strides: (_convolve(images, kernel, strides), (images, kernel)), _gradients)
    return convolve


def _convolve(images: "Array", kernel: "Array", strides: Pair) -> "Array":
    rows, columns = kernel.shape[:2]
    size = tuple(
        (pixels - taps) // stride + 1
        for pixels, taps, stride in zip(images.shape[1:3], kernel.shape[:2], strides, strict=True)
    )
    taps = [(row, column) for row in range(rows) for column in range(columns)]
    met = [_met_by(images, *tap, size, strides) * kernel[tap] for tap in taps]
    return sum(met[1:], start=met[0])


def _met_by(images: "Array", row: Any, column: Any, size: Pair, strides: Pair) -> "Array":
    """Return the pixels that tap (row, column) of the kernel meets: one for each of `size` output pixels."""
    import jax

    spans = [stride * (outputs - 1) + 1 for outputs, stride in zip(size, strides, strict=True)]
    reached = jax.lax.dynamic_slice(images, (0, row, column, 0), (len(images), spans[0], spans[1], images.shape[3]))
    return reached[:, :: strides[0], :: strides[1]]


def _gradients(strides: Pair, saved: tuple["Array", "Array"], outputs: "Array") -> tuple["Array", "Array"]:
    """Return the gradients of images and kernel from the gradient of the outputs."""
    import jax
    import jax.numpy as jnp

    images, kernel = saved
    rows, columns, channels = kernel.shape
    size = (outputs.shape[1], outputs.shape[2])

    def add_tap(tap: Any, gradient: "Array") -> "Array":
        met = _met_by(images, tap // columns, tap % columns, size, strides)
        return gradient.at[tap].set((met * outputs).sum((0, 1, 2)))

    # A loop, for it is compiled once and not for every tap.
    by_tap = jax.lax.fori_loop(0, rows * columns, add_tap, jnp.zeros((rows * columns, channels), images.dtype))

    # Each image pixel gathers from the outputs it went into: they are set apart by the strides, surrounded by
    # zeros, and convolved with the kernel turned by half.
    edges = [
        (taps - 1, pixels - stride * (count - 1) - 1, stride - 1)
        for pixels, taps, stride, count in zip(images.shape[1:3], kernel.shape[:2], strides, size, strict=True)
    ]
    spread = jax.lax.pad(outputs, jnp.zeros((), outputs.dtype), ((0, 0, 0), *edges, (0, 0, 0)))
    return _convolve(spread, kernel[::-1, ::-1], (1, 1)), by_tap.reshape(kernel.shape)
