"""The leases of devices: which device a step gets, in which precision, and when.

A lease is a lock file of this machine, released when its holder ends, for whatever reason. A GPU's is named by its
UUID: each job of a cluster knows its own card as number 0.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from dagster import ConfigurableResource
from pydantic import Field, PositiveInt

from hbac_assets.errors import HbacError
from hbac_assets.learning.device import require_known_flags
from hbac_assets.resources.cluster import Room, find_nodes, find_room
from hbac_assets.resources.gpus import VISIBLE, find_gpus
from hbac_assets.resources.machine_locks import machine_locks
from hbac_assets.resources.paths import PROJECT_FOLDER
from hbac_assets.store.locks import hold_any

Device = Literal["auto", "gpu", "cpu"]
Precision = Literal["auto", "float32", "mixed_bfloat16"]


class Accelerator(ConfigurableResource):
    """The GPUs if there are any, otherwise the CPU; a cell has its GPUs exclusively, a few cells share the CPU."""

    device: Device = Field("auto", description="auto uses a GPU if JAX can")
    precision: Precision = Field("auto", description="auto: mixed_bfloat16 on a GPU, float32 on the CPU")
    cells_on_cpu: PositiveInt = Field(default=2, description="number of cells that train side by side on the CPU")
    gpus_per_cell: PositiveInt = Field(default=1, description="number of GPUs that split each batch of a cell")
    ray: str = Field(default="", description="address of Ray's head, whose nodes run the steps; empty: one machine")

    def require_usable(self, say: Callable[[str], None]) -> None:
        """Check, before any work, that the devices for the steps can be used.

        Args:
            say: called if steps will use the CPU although the machine has a GPU.

        Raises:
            HbacError: as for `chosen_device` and `room`, or JAX does not know a flag of `XLA_FLAGS`.
        """
        require_known_flags()
        if self.ray:
            self.room()
            return
        if self.chosen_device() == "cpu" and self.device == "auto" and (unused := find_gpus().unused):
            say(f"on the CPU: {unused}; set HBAC_DEVICE=cpu if that is intended")

    def chosen_device(self) -> Literal["gpu", "cpu"]:
        """Return the kind of device that steps get.

        Raises:
            HbacError: a GPU is requested and none can be used, or a cell is to have more GPUs than there are.
        """
        if self.device == "cpu":
            return "cpu"
        gpus, unused = find_gpus()
        if gpus:
            if len(gpus) < self.gpus_per_cell:
                raise HbacError(
                    f"HBAC_GPUS_PER_CELL: found {self.gpus_per_cell}, but only {len(gpus)} of this machine's GPUs are "
                    f"visible ({', '.join(gpu.label for gpu in gpus)}): set it to {len(gpus)} or less, or check "
                    "CUDA_VISIBLE_DEVICES"
                )
            return "gpu"
        if self.device == "gpu":
            raise HbacError(
                f"HBAC_DEVICE: found 'gpu', but {unused}, or set HBAC_DEVICE to auto or cpu"
                if unused
                else "HBAC_DEVICE: found 'gpu', but no GPU is visible (nvidia-smi lists none): "
                "install the driver, check CUDA_VISIBLE_DEVICES, or set HBAC_DEVICE to auto or cpu"
            )
        return "cpu"

    def chosen_precision(self) -> Literal["float32", "mixed_bfloat16"]:
        """Return the precision that steps compute in."""
        if self.precision == "auto":
            return "mixed_bfloat16" if self.chosen_device() == "gpu" else "float32"
        return self.precision

    def room(self) -> Room:
        """Return the resources that a cell requests from the cluster, and how many cells its nodes train at a time.

        Raises:
            HbacError: Ray's head is unavailable, or no node has the resources of a cell.
        """
        return find_room(find_nodes(self.ray), self.device, self.cells_on_cpu, self.gpus_per_cell)

    def cells_side_by_side(self) -> int:
        """Return how many cells this machine, or the cluster, trains at a time.

        Raises:
            HbacError: see `chosen_device` and `room`.
        """
        if self.ray:
            return self.room().cells
        if self.chosen_device() == "cpu":
            return min(self.cells_on_cpu, os.cpu_count() or 1)
        return len(find_gpus().usable) // self.gpus_per_cell

    @contextmanager
    def lease(self, on_wait: Callable[[str], None]) -> Iterator[str]:
        """Hold a device of this machine, or several GPUs, before JAX initialises: it then sees no other device.

        Args:
            on_wait: called with a line that names the holders, if none is free at once, and every minute.

        Yields:
            The name of the devices held, such as `cpu`, `gpu 0` or `gpu 0,1`.
        """
        kind = self.chosen_device()
        gpus = {gpu.uuid.replace("/", "_"): gpu for gpu in find_gpus().usable}
        slots = list(gpus) if kind == "gpu" else [str(slot) for slot in range(self.cells_on_cpu)]
        count = self.gpus_per_cell if kind == "gpu" else 1
        folder = machine_locks()
        paths = [folder / f"{kind}-{slot}.lock" for slot in slots]
        devices = "the CPU" if kind == "cpu" else "a GPU" if count == 1 else f"{count} GPUs"
        with hold_any(
            paths, lambda holders: on_wait(f"waiting for {devices}, held by {holders}"), count, str(PROJECT_FOLDER)
        ) as held:
            if kind == "cpu":
                yield kind
                return
            leased = [gpus[path.stem.removeprefix(f"{kind}-")] for path in held]
            os.environ[VISIBLE] = ",".join(gpu.uuid for gpu in leased)
            yield f"gpu {','.join(gpu.label for gpu in leased)}"
