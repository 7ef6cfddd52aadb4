"""Which device a step gets, in which precision, and whose turn it is.

A lease is a lock file of this machine, so it is free again the moment its holder is gone, however it ended.
"""

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Literal

from dagster import ConfigurableResource
from pydantic import Field, PositiveInt

from hbac_assets.errors import HbacError
from hbac_assets.locks import hold_any

Device = Literal["auto", "gpu", "cpu"]
Precision = Literal["auto", "float32", "mixed_bfloat16"]


class Accelerator(ConfigurableResource):
    """The GPUs if there are any, else the CPU; a cell has its GPUs for itself, a few share the CPU side by side."""

    device: Device = Field("auto", description="auto takes a GPU where one is visible")
    precision: Precision = Field("auto", description="auto: mixed_bfloat16 on a GPU, float32 on the CPU")
    cells_on_cpu: PositiveInt = Field(default=2, description="how many cells train side by side on the CPU")
    gpus_per_cell: PositiveInt = Field(default=1, description="how many GPUs share each batch of a cell")

    def chosen_device(self) -> Literal["gpu", "cpu"]:
        """Return the kind of device that steps get.

        Raises:
            HbacError: a GPU is asked for and none is visible, or a cell is to have more than there are.
        """
        if self.device == "cpu":
            return "cpu"
        if gpus := visible_gpus():
            if len(gpus) < self.gpus_per_cell:
                raise HbacError(
                    f"HBAC_GPUS_PER_CELL: found {self.gpus_per_cell}, but only {len(gpus)} of this machine's GPUs are "
                    f"visible ({', '.join(gpus)}): set it to {len(gpus)} or less, or check CUDA_VISIBLE_DEVICES"
                )
            return "gpu"
        if self.device == "gpu":
            raise HbacError(
                "HBAC_DEVICE: found 'gpu', but no GPU is visible (nvidia-smi lists none): "
                "install the driver, check CUDA_VISIBLE_DEVICES, or set HBAC_DEVICE to auto or cpu"
            )
        return "cpu"

    def chosen_precision(self) -> Literal["float32", "mixed_bfloat16"]:
        """Return the precision that steps compute in."""
        if self.precision == "auto":
            return "mixed_bfloat16" if self.chosen_device() == "gpu" else "float32"
        return self.precision

    @contextmanager
    def lease(self, on_wait: Callable[[str], None]) -> Iterator[str]:
        """Hold a device of this machine, or several GPUs, before JAX touches its devices: it then sees nothing else.

        Args:
            on_wait: called once with a line that says who holds the devices, if none is free at once.

        Yields:
            The name of what is held, such as `cpu`, `gpu 0` or `gpu 0,1`.
        """
        kind = self.chosen_device()
        slots = visible_gpus() if kind == "gpu" else [str(slot) for slot in range(self.cells_on_cpu)]
        count = self.gpus_per_cell if kind == "gpu" else 1
        folder = Path(tempfile.gettempdir()) / f"hbac_assets-{os.getuid()}"
        paths = [folder / f"{kind}-{slot}.lock" for slot in slots]
        waiting_for = f"a {kind} slot" if count == 1 else f"{count} {kind} slots"
        with hold_any(paths, lambda holders: on_wait(f"waiting for {waiting_for}, held by {holders}"), count) as held:
            chosen = ",".join(path.stem.removeprefix(f"{kind}-") for path in held)
            if kind == "gpu":
                os.environ["CUDA_VISIBLE_DEVICES"] = chosen
            yield kind if kind == "cpu" else f"gpu {chosen}"


def visible_gpus() -> list[str]:
    """Return the ids of the GPUs that this process may use, without initialising any."""
    present = _present_gpus()
    allowed = os.environ.get("CUDA_VISIBLE_DEVICES")
    if not present or allowed is None:
        return list(present)
    return [gpu.strip() for gpu in allowed.split(",") if gpu.strip() not in ("", "-1")]


@cache
def _present_gpus() -> tuple[str, ...]:
    """Return the ids of this machine's GPUs; asked once, for the answer can take a second."""
    try:
        answer = subprocess.run(
            ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"],
            capture_output=True, text=True, timeout=20, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(answer.stdout.split())
