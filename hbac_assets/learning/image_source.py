"""The source of a network's images: all resident on the device, or streamed from the store.

Both give the same bits in the same order. Making an image belongs to `inputs`; sharding a batch to `parallel`.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from jaxtyping import Bool, Float, Float16, Int

from hbac_assets.learning.arrays import Array
from hbac_assets.learning.device import free_bytes, on_device
from hbac_assets.learning.parallel import replicated, sharded

READERS = 2
"""Number of threads: one waits for the disk while another computes. The GIL lets one compute at a time; more would only
contend for it."""
BATCHES_AHEAD = 3

SHARES = {"cpu": 1 / 8, "gpu": 1 / 2}
"""Fraction of the free memory for images. Two cells train side by side on the CPU, images exist twice while they are
transferred, and a network takes several times the memory of its batch."""

BYTES_OF_A_PIXEL = 2


_Begun = tuple[np.ndarray, Mapping[int, Future[np.ndarray]]]  # the indices of a batch, and the reading of each image


class Source(Protocol):
    """A source of images by index."""

    def batches(
        self, batches: Iterable[Int[np.ndarray, "*steps batch"]]
    ) -> Iterator[Float16[Array, "*steps batch height width"]]:
        """Yield, for each array of indices (..., B), the images (..., B, H, W) on the device."""
        ...


@dataclass(frozen=True)
class Images:
    """A selection of a source's images, float16.

    Attributes:
        source: of the images.
        rows: their indices in the source.
        size: (H, W).
        placement: a sentence on where they are and why.
    """

    source: Source
    rows: Int[np.ndarray, " rows"]
    size: tuple[int, int]
    placement: str

    def __len__(self) -> int:
        return len(self.rows)

    def subset(self, rows: Int[np.ndarray, " chosen"] | Bool[np.ndarray, " rows"]) -> "Images":
        """Return some of the images, by indices or a mask, from the same source."""
        return replace(self, rows=self.rows[rows])

    def batches(
        self, batches: Iterable[Int[np.ndarray, "*steps batch"]]
    ) -> Iterator[Float16[Array, "*steps batch height width"]]:
        """Yield, for each array of indices (..., B), the images (..., B, H, W) on the device."""
        return self.source.batches(self.rows[batch] for batch in batches)


class Resident:
    """Images on the device: only indices are transferred from the host."""

    def __init__(self, images: Float[np.ndarray, "rows height width"]):
        """Transfer images (N, H, W) to the device, or to each of several."""
        import jax

        self._images = jax.device_put(images, replicated())

    def batches(
        self, batches: Iterable[Int[np.ndarray, "*steps batch"]]
    ) -> Iterator[Float16[Array, "*steps batch height width"]]:
        """Gather each batch by a separate program, which depends on the number of images."""
        for numbers in batches:
            yield _take(numbers.ndim)(*on_device((self._images, numbers)))


class Streamed:
    """Images read by a few threads shortly before their batch: memory does not grow with their number."""

    def __init__(self, read: Callable[[int], Float16[np.ndarray, "height width"]]):
        """Read each image with `read`, from its index to float16 (H, W)."""
        self._read = read

    def batches(
        self, batches: Iterable[Int[np.ndarray, "*steps batch"]]
    ) -> Iterator[Float16[Array, "*steps batch height width"]]:
        """Read each batch while earlier ones are being used."""
        import jax

        pool = ThreadPoolExecutor(READERS)

        def begin(numbers: Int[np.ndarray, "*steps batch"]) -> _Begun:
            return numbers, {int(number): pool.submit(self._read, int(number)) for number in np.unique(numbers)}

        def put(numbers: Int[np.ndarray, "*steps batch"], images: Mapping[int, Future[np.ndarray]]) -> Array:
            stacked = np.stack([images[number].result() for number in numbers.ravel()])
            batch = stacked.reshape(*numbers.shape, *stacked.shape[1:])
            placed: Array = jax.device_put(batch, sharded(numbers.ndim - 1))
            return placed

        ahead: deque[_Begun] = deque()
        try:
            for numbers in batches:
                ahead.append(begin(numbers))
                if len(ahead) > BATCHES_AHEAD:
                    yield put(*ahead.popleft())
            while ahead:
                yield put(*ahead.popleft())
        finally:
            pool.shutdown(cancel_futures=True)


def open_images(
    read: Callable[[int], Float16[np.ndarray, "height width"]],
    count: int,
    size: tuple[int, int],
    allowed_bytes: int | None = None,
) -> Images:
    """Return `count` images, resident if they fit, otherwise streamed.

    Args:
        read: from the index of an image to float16 (H, W); several threads call it at once.
        count: the number of images.
        size: (H, W).
        allowed_bytes: the limit for resident images; by default a fraction of the free memory of host and device.

    Raises:
        HbacError: raised by `read`; for streamed images when their batch is read.
    """
    import jax

    needed = count * size[0] * size[1] * BYTES_OF_A_PIXEL
    if allowed_bytes is None:
        allowed_bytes = int(SHARES[jax.default_backend()] * free_bytes())
    fits = needed <= allowed_bytes
    source = Resident(read_all(read, count, size)) if fits else Streamed(read)
    where = "resident on the device" if fits else "streamed from the store"
    bound = f"{'within' if fits else 'more than'} the {allowed_bytes / 1e6:.0f} MB that free memory allows"
    return Images(source, np.arange(count), size, f"{count} images of {needed / 1e6:.0f} MB, {bound}: {where}")


def as_images(images: Images | Float[np.ndarray, "rows height width"]) -> Images:
    """Return an array (N, H, W) as images, resident on the device."""
    if isinstance(images, Images):
        return images
    size = (int(images.shape[1]), int(images.shape[2]))
    return Images(Resident(images), np.arange(len(images)), size, f"{len(images)} images given as an array")


def read_all(
    read: Callable[[int], Float16[np.ndarray, "height width"]], count: int, size: tuple[int, int]
) -> Float16[np.ndarray, "{count} {size[0]} {size[1]}"]:
    """Return the images 0 to `count` as one array, float16 (N, H, W), read by a few threads."""
    images = np.empty((count, *size), dtype=np.float16)

    def fill(numbers: Int[np.ndarray, " numbers"]) -> None:
        for number in numbers:
            images[number] = read(int(number))

    with ThreadPoolExecutor(READERS) as pool:
        list(pool.map(fill, np.array_split(np.arange(count), 1 + count // 16)))
    return images


@lru_cache
def _take(axes: int) -> Any:
    import jax

    return jax.jit(lambda images, numbers: images[numbers], out_shardings=sharded(axes - 1))
