"""Data parallelism: a batch divided among all devices that JAX sees, weights and their statistics on each of them.

The compiler then inserts what devices must tell each other, such as the sum of their gradients and the batch statistics
of normalisations, so that several devices compute what one does. How many a process sees is decided by its lease.
"""

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from hbac_assets.errors import HbacError

if TYPE_CHECKING:
    from jax.sharding import Mesh, NamedSharding

ROWS = "rows"


def replicated() -> "NamedSharding":
    """Return the placement of an array that each device has whole."""
    from jax.sharding import NamedSharding, PartitionSpec

    return NamedSharding(_devices(), PartitionSpec())


def sharded(axis: int) -> "NamedSharding":
    """Return the placement of an array whose `axis`, the rows of a batch, is divided among the devices."""
    from jax.sharding import NamedSharding, PartitionSpec

    return NamedSharding(_devices(), PartitionSpec(*[None] * axis, ROWS))


def require_divisible(batch_size: int) -> None:
    """Complain about a batch that cannot be divided evenly.

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
