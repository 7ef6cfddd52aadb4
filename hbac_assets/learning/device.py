"""The device, precision and compilation cache of a process, configured once before any computation."""

import ctypes
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TypeVar

from hbac_assets.errors import HbacError
from hbac_assets.learning.compilation_cache import use as use_cache
from hbac_assets.learning.machine_kind import machine_kind
from hbac_assets.learning.memory import free_host_bytes

Device = Literal["cpu", "gpu"]
Precision = Literal["float32", "mixed_bfloat16"]
Arguments = TypeVar("Arguments")

# One operation at a time, each on all cores: concurrent operations need more memory and no less time.
XLA_FLAGS = "--xla_cpu_enable_concurrency_optimized_scheduler=false"


def configure(device: Device, precision: Precision, compilation_cache: Path | None) -> None:
    """Set up JAX and Keras in a fresh process.

    Args:
        device: of all computations.
        precision: Keras' dtype policy; weights are float32 in both.
        compilation_cache: a folder common to all processes, so that a program is compiled once for each kind of
            machine; not used if there is little space or it cannot be written. Results do not depend on it.

    Raises:
        HbacError: a GPU is requested and none is visible.
    """
    os.environ["XLA_FLAGS"] = _with_our_flags()
    _keep_freed_memory()
    import jax
    import keras

    if device == "cpu":
        jax.config.update("jax_platforms", "cpu")
        jax.config.update("jax_cpu_enable_async_dispatch", False)  # programs run in this thread: see `on_device`
    elif not visible_devices("gpu"):
        raise HbacError(
            "HBAC_DEVICE: expected a GPU, found none that JAX can use; run `make setup GPU=1`, see that the driver "
            "is new enough for CUDA 12, or set HBAC_DEVICE to cpu"
        )
    if compilation_cache is not None:
        gpu = visible_devices("gpu")[0].partition(" ")[2] if device == "gpu" else ""
        use_cache(compilation_cache / machine_kind(gpu))
        if device == "cpu":
            # The path of the cache of tuned GPU kernels would enter every program's key: a moved store would miss.
            jax.config.update("jax_persistent_cache_enable_xla_caches", "none")
    keras.config.set_dtype_policy(precision)


def require_known_flags() -> None:
    """Test the user's `XLA_FLAGS` in a separate process: an unknown flag aborts the process.

    Raises:
        HbacError: there is such a flag, or one that conflicts with ours.
    """
    given = os.environ.get("XLA_FLAGS")
    if not given:
        return
    environment = os.environ | {"XLA_FLAGS": _with_our_flags(), "JAX_PLATFORMS": "cpu", "TF_CPP_MIN_LOG_LEVEL": "2"}
    reading = [sys.executable, "-c", "import jax; jax.devices()"]
    done = subprocess.run(reading, env=environment, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode and (said := re.search(r"^[EF]\d{4} .*?\] (.*)", done.stderr, re.MULTILINE)):
        raise HbacError(
            f"XLA_FLAGS: expected flags that this JAX knows, found {given!r} ({said[1]}); correct or unset it"
        )


def on_device(arguments: Arguments) -> Arguments:
    """Return the arguments of a program, arrays in any nesting; on the CPU, wait until they are transferred.

    If an argument is still being transferred, XLA dispatches the program to a pool thread, whose malloc arena is
    trimmed after every step. On a GPU, asynchronous dispatch is kept.
    """
    import jax

    if jax.default_backend() != "cpu":
        return arguments
    placed: Arguments = jax.block_until_ready(jax.device_put(arguments))
    return placed


def visible_devices(device: Device) -> list[str]:
    """Return the devices of a kind that JAX sees, such as `gpu:0 NVIDIA H200`; initialises JAX."""
    import jax

    try:
        return [f"{found.platform}:{found.id} {found.device_kind}" for found in jax.devices(device)]
    except RuntimeError:  # raised by JAX if there is none
        return []


@contextmanager
def enough_memory(what: str, batch_size: int) -> Iterator[None]:
    """Report in one line that the device or the host ran out of memory within the block.

    Args:
        what: the computation, for the message.
        batch_size: the rows of each batch.

    Raises:
        HbacError: it did; names the batch size and the remedy.
    """
    import jax

    try:
        yield
    except (MemoryError, jax.errors.JaxRuntimeError) as error:
        if isinstance(error, jax.errors.JaxRuntimeError) and "RESOURCE_EXHAUSTED" not in str(error):
            raise
        asked = re.search(r"(\d+) bytes", str(error))
        needed = f" for {int(asked[1]) / 1e9:.1f} GB more" if asked else ""
        raise HbacError(
            f"{what}: expected to fit into the memory of {jax.devices()[0].device_kind} with batch_size {batch_size}, "
            f"found too little{needed}; lower the member's batch_size or preprocessing.image_size"
        ) from error


def free_bytes() -> int:
    """Return the free memory in bytes: the host's or the fullest device's, whichever is less."""
    import jax

    statistics = [device.memory_stats() or {} for device in jax.devices()]
    on_devices = [found["bytes_limit"] - found["bytes_in_use"] for found in statistics if "bytes_limit" in found]
    return int(min([free_host_bytes(), *on_devices]))


def _with_our_flags() -> str:
    return f"{os.environ.get('XLA_FLAGS', '')} {XLA_FLAGS}".strip()


def _keep_freed_memory() -> None:
    """Let the C library keep memory that a step frees for the next one.

    Otherwise the memory of every step is returned to the kernel and faulted in again page by page: a third of a step's
    time on the CPU. The numbers are those of mallopt(3). Only the main thread's arena can grow without limit: see
    `on_device`.
    """
    if sys.platform == "linux":
        trim_threshold, mmap_max = -1, -4
        libc = ctypes.CDLL(None)
        libc.mallopt(mmap_max, 0)
        libc.mallopt(trim_threshold, -1)
