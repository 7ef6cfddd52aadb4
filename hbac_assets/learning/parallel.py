"""Data parallelism: batches sharded over all devices that JAX sees, weights and statistics replicated.

The compiler inserts the collectives, such as sums of gradients and batch statistics of normalisations, so that several
devices compute the same as one. The lease decides how many devices a process sees.
"""

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from hbac_assets.errors import HbacError

if TYPE_CHECKING:
    from jax.sharding import Mesh, NamedSharding

ROWS = "rows"


def replicated() -> "NamedSharding":
    """Return the sharding of an array that is replicated on each device."""
    from jax.sharding import NamedSharding, PartitionSpec

    return NamedSharding(_devices(), PartitionSpec())


def sharded(axis: int) -> "NamedSharding":
    """Return the sharding of an array whose `axis`, the rows of a batch, is split over the devices."""
    from jax.sharding import NamedSharding, PartitionSpec

    return NamedSharding(_devices(), PartitionSpec(*[None] * axis, ROWS))


def require_divisible(batch_size: int) -> None:
    """Refuse a batch that cannot be split evenly.

    Raises:
        HbacError: names the number of devices.
    """
    devices = _devices().size
    if batch_size % devices:
        raise HbacError(
            f"batch_size: expected a multiple of the {devices} devices that a cell has, found {batch_size}; "
            "change the member's batch_size or HBAC_GPUS_PER_CELL"
        )


@lru_cache
def _devices() -> "Mesh":
    import jax

    return jax.sharding.Mesh(np.array(jax.devices()), (ROWS,))
