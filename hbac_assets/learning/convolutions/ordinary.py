"""Ordinary convolution, with its kernel gradient as matrix products.

XLA's forward pass and its image gradient are about as fast as its matrix products. Its kernel gradient is a
convolution of transposed images; one matrix product per tap of the kernel takes a fourth (1 × 1) to a half (3 × 3) of
that time.
"""

from functools import lru_cache
from typing import Any

from jaxtyping import Float

from hbac_assets.learning.arrays import Array
from hbac_assets.learning.convolutions.taps import Pair, patches

Borders = tuple[Pair, Pair]

# With fewer input channels or filters the products are so narrow that XLA's gradient is faster.
LEAST_CHANNELS, LEAST_FILTERS = 16, 32


def ordinary(
    images: Float[Array, "rows height width channels"],
    kernel: Float[Array, "k l channels filters"],
    strides: Pair,
    borders: Borders,
) -> Float[Array, "rows out_height out_width filters"]:
    """Return the convolution of `images` (B, H, W, C) with the filters of `kernel` (k, l, C, F).

    Args:
        images: channels last.
        kernel: its filters.
        strides: over height and width.
        borders: zeros before and after height and width.
    """
    outputs: Array = _with_gradients()(images, kernel, strides, borders)
    return outputs


@lru_cache
def _with_gradients() -> Any:
    """Return the convolution with its gradients (built lazily: it needs JAX)."""
    import jax

    def forward(images: Array, kernel: Array, strides: Pair, borders: Borders) -> Any:
        return _convolve(images, kernel, strides, borders), (images, kernel)

    convolve = jax.custom_vjp(_convolve, nondiff_argnums=(2, 3))
    convolve.defvjp(forward, _gradients)
    return convolve


def _convolve(images: Array, kernel: Array, strides: Pair, borders: Borders) -> Array:
    import jax

    return jax.lax.conv_general_dilated(images, kernel, strides, borders, dimension_numbers=("NHWC", "HWIO", "NHWC"))


def _gradients(strides: Pair, borders: Borders, saved: tuple[Array, Array], outputs: Array) -> tuple[Array, Array]:
    """Return the gradients of images and kernel from the gradient of the outputs."""
    import jax

    images, kernel = saved
    (by_images,) = jax.linear_transpose(lambda these: _convolve(these, kernel, strides, borders), images)(outputs)
    rows, columns, channels, filters = kernel.shape
    if (rows, columns) == (1, 1) or (channels >= LEAST_CHANNELS and filters >= LEAST_FILTERS):
        return by_images, _by_kernel(images, kernel.shape, strides, borders, outputs)
    (by_kernel,) = jax.linear_transpose(lambda these: _convolve(images, these, strides, borders), kernel)(outputs)
    return by_images, by_kernel


def _by_kernel(images: Array, shape: tuple[int, ...], strides: Pair, borders: Borders, outputs: Array) -> Array:
    """Return the kernel gradient: for each tap, the product of its input pixels and the output gradients."""
    import jax
    import jax.numpy as jnp

    rows, columns, channels, filters = shape
    padded = jnp.pad(images, ((0, 0), *borders, (0, 0)))
    size = (outputs.shape[1], outputs.shape[2])
    gradients = [
        jax.lax.dot_general(
            patches(padded, row, column, size, strides).reshape(-1, channels),
            outputs.reshape(-1, filters),
            (((0,), (0,)), ((), ())),
        )
        for row in range(rows)
        for column in range(columns)
    ]
    return jnp.stack(gradients).reshape(shape)
