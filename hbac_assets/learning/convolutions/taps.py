"""Which pixels a tap of a kernel meets."""

from typing import Any

from jaxtyping import Float

from hbac_assets.learning.arrays import Array

Pair = tuple[int, int]


def same_padding(pixels: int, taps: int, stride: int) -> Pair:
    """Return the zeros around an axis that leave ceil(pixels / stride) outputs, the odd one behind.

    This is what TensorFlow and XLA call `same`.
    """
    total = max((-(-pixels // stride) - 1) * stride + taps - pixels, 0)
    return total // 2, total - total // 2


def patches(
    images: Float[Array, "rows height width channels"], row: Any, column: Any, size: Pair, strides: Pair
) -> Float[Array, "rows {size[0]} {size[1]} channels"]:
    """Return the pixels (B, *size, C) of padded `images` that tap (row, column) meets: one for each output pixel."""
    import jax

    spans = [stride * (outputs - 1) + 1 for outputs, stride in zip(size, strides, strict=True)]
    reached = jax.lax.dynamic_slice(images, (0, row, column, 0), (len(images), spans[0], spans[1], images.shape[3]))
    return reached[:, :: strides[0], :: strides[1]]
