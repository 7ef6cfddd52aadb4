"""Area averaging: downsampling of an axis."""

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def averaging_matrix(inputs: int, outputs: int) -> "csr_array":
    """Return the float32 (outputs, inputs) matrix of area averaging.

    Output k is the mean over the k-th of `outputs` equal parts of the axis; an input across a border counts on either
    side with the fraction of its extent there.
    """
    from scipy.sparse import csr_array

    borders = np.arange(outputs + 1)[:, None] * (inputs / outputs)
    covered = np.clip(borders - np.arange(inputs), 0, 1)
    return csr_array((np.diff(covered, axis=0) * (outputs / inputs)).astype(np.float32))


@lru_cache(maxsize=32)
def image_averaging(inputs: tuple[int, int], outputs: tuple[int, int]) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function that averages images of `inputs` (height, width) to `outputs` by `averaging_matrix`."""
    if inputs == outputs:
        return lambda image: image
    heights, widths = map(averaging_matrix, inputs, outputs)
    return lambda image: (widths @ (heights @ image).T).T
