"""Batches of equal size, so that a compiled program sees one shape."""

import numpy as np


def full_batches(order: np.ndarray, batch_size: int) -> np.ndarray:
    """Return `order` (N,) as (batches, batch_size); a last, partial batch is filled up from the beginning."""
    return np.resize(order, (-(-len(order) // batch_size), batch_size))
