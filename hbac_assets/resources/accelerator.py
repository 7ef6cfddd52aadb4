"""Which device a step gets, in which precision, and whose turn it is.

A lease is a lock file of this machine, so it is free again the moment its holder is gone, however it ended.
"""

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from dagster import ConfigurableResource
from pydantic import Field, PositiveInt

from hbac_assets.errors import HbacError
from hbac_assets.locks import hold_any

Device = Literal["auto", "gpu", "cpu"]
Precision = Literal["auto", "float32", "mixed_bfloat16"]


class Accelerator(ConfigurableResource):
    """The GPU if there is one, else the CPU; one cell at a time on each GPU, a few side by side on the CPU."""

    device: Device = Field("auto", description="auto takes a GPU where one is visible")
    precision: Precision = Field("auto", description="auto: mixed_bfloat16 on a GPU, float32 on the CPU")
    cells_on_cpu: PositiveInt = Field(default=2, description="how many cells train side by side on the CPU")

    def chosen_device(self) -> Literal["gpu", "cpu"]:
        """Return the kind of device that steps get.

        Raises:
            HbacError: a GPU is asked for and none is visible.
        """
        if self.device == "cpu":
            return "cpu"
        if visible_gpus():
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
        """Hold a device of this machine; call before JAX is imported, which then sees that device alone.

        Args:
            on_wait: called once with a line that says who holds the devices, if none is free at once.

        Yields:
            The device's name, such as `cpu` or `gpu 0`.
        """
        kind = self.chosen_device()
        slots = visible_gpus() if kind == "gpu" else [str(slot) for slot in range(self.cells_on_cpu)]
        folder = Path(tempfile.gettempdir()) / f"hbac_assets-{os.getuid()}"
        paths = [folder / f"{kind}-{slot}.lock" for slot in slots]
        with hold_any(paths, lambda holders: on_wait(f"waiting for a {kind} slot, held by {holders}")) as path:
            slot = path.stem.removeprefix(f"{kind}-")
            if kind == "gpu":
                os.environ["CUDA_VISIBLE_DEVICES"] = slot
            yield kind if kind == "cpu" else f"gpu {slot}"


def visible_gpus() -> list[str]:
    """Return the ids of the GPUs that this process may use, without initialising any."""
    try:
        answer = subprocess.run(
            ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"],
            capture_output=True, text=True, timeout=20, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return []
    allowed = os.environ.get("CUDA_VISIBLE_DEVICES")
    if allowed is None:
        return answer.stdout.split()
    return [gpu.strip() for gpu in allowed.split(",") if gpu.strip() not in ("", "-1")]
