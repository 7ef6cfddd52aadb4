"""Rows in batches of one size, so that a compiled program sees one shape."""

import numpy as np


def full_batches(order: np.ndarray, batch_size: int) -> np.ndarray:
    """Return `order` (N,) in rows of `batch_size`; where it does not fill the last one, its beginning does."""
    return np.resize(order, (-(-len(order) // batch_size), batch_size))
