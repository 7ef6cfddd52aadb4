"""The input pixels of a kernel's taps."""

from typing import Any

from jaxtyping import Float

from hbac_assets.learning.arrays import Array

Pair = tuple[int, int]


def same_padding(pixels: int, taps: int, stride: int) -> Pair:
    """Return the zero padding of an axis for ceil(pixels / stride) outputs, with an odd zero at the end.

    This is what TensorFlow and XLA call `same`.
    """
    total = max((-(-pixels // stride) - 1) * stride + taps - pixels, 0)
    return total // 2, total - total // 2


def patches(
    images: Float[Array, "rows height width channels"], row: Any, column: Any, size: Pair, strides: Pair
) -> Float[Array, "rows {size[0]} {size[1]} channels"]:
    """Return the pixels (B, *size, C) of padded `images` under tap (row, column), one per output pixel."""
    import jax

    spans = [stride * (outputs - 1) + 1 for outputs, stride in zip(size, strides, strict=True)]
    reached = jax.lax.dynamic_slice(images, (0, row, column, 0), (len(images), spans[0], spans[1], images.shape[3]))
    return reached[:, :: strides[0], :: strides[1]]
