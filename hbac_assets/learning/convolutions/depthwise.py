"""Depthwise convolution as shifted multiply-adds.

On the CPU, XLA computes a depthwise convolution many times slower than the k² shifted multiply-adds that define it,
forward and backward.
"""

from functools import lru_cache
from typing import Any

from jaxtyping import Float

from hbac_assets.learning.arrays import Array
from hbac_assets.learning.convolutions.taps import Pair, patches


def depthwise(
    images: Float[Array, "rows height width channels"],
    kernel: Float[Array, "k l channels 1"],
    strides: Pair,
    borders: tuple[Pair, Pair],
) -> Float[Array, "rows out_height out_width channels"]:
    """Return the convolution of `images` (B, H, W, C) with one filter of `kernel` (k, l, C, 1) for each channel.

    Args:
        images: channels last.
        kernel: its filters.
        strides: over height and width.
        borders: zeros before and after height and width.
    """
    import jax
    import jax.numpy as jnp

    # Without the barrier XLA would recompute the border for each tap, and write the preceding activation separately.
    padded = jax.lax.optimization_barrier(jnp.pad(images, ((0, 0), *borders, (0, 0))))
    outputs: Array = _unpadded()(padded, kernel[..., 0], strides)
    return outputs


@lru_cache
def _unpadded() -> Any:
    """Return the convolution without padding, with a custom gradient (built lazily: it needs JAX)."""
    import jax

    convolve = jax.custom_vjp(_convolve, nondiff_argnums=(2,))
    convolve.defvjp(lambda images, kernel, strides: (_convolve(images, kernel, strides), (images, kernel)), _gradients)
    return convolve


def _convolve(images: Array, kernel: Array, strides: Pair) -> Array:
    rows, columns = kernel.shape[:2]
    height, width = (
        (pixels - taps) // stride + 1
        for pixels, taps, stride in zip(images.shape[1:3], kernel.shape[:2], strides, strict=True)
    )
    taps = [(row, column) for row in range(rows) for column in range(columns)]
    met = [patches(images, *tap, (height, width), strides) * kernel[tap] for tap in taps]
    return sum(met[1:], start=met[0])


def _gradients(strides: Pair, saved: tuple[Array, Array], outputs: Array) -> tuple[Array, Array]:
    """Return the gradients of images and kernel from the gradient of the outputs."""
    import jax
    import jax.numpy as jnp

    images, kernel = saved
    rows, columns, channels = kernel.shape
    size = (outputs.shape[1], outputs.shape[2])

    def add_tap(tap: Any, gradient: Array) -> Array:
        met = patches(images, tap // columns, tap % columns, size, strides)
        return gradient.at[tap].set((met * outputs).sum((0, 1, 2)))

    # A loop is compiled once rather than for every tap.
    by_tap = jax.lax.fori_loop(0, rows * columns, add_tap, jnp.zeros((rows * columns, channels), images.dtype))

    # The transposed convolution: outputs are dilated by the strides, padded with zeros, and convolved with the
    # flipped kernel.
    edges = [
        (taps - 1, pixels - stride * (count - 1) - 1, stride - 1)
        for pixels, taps, stride, count in zip(images.shape[1:3], kernel.shape[:2], strides, size, strict=True)
    ]
    spread = jax.lax.pad(outputs, jnp.zeros((), outputs.dtype), ((0, 0, 0), *edges, (0, 0, 0)))
    return _convolve(spread, kernel[::-1, ::-1], (1, 1)), by_tap.reshape(kernel.shape)
