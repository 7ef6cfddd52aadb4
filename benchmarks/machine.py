"""The machine of the measurements."""

import os
import platform
import re
from importlib.metadata import distributions
from pathlib import Path

import psutil

from hbac_assets.resources.gpus import find_gpus

PACKAGES = (
    "jax", "keras", "keras-cv", "tensorflow-cpu", "tensorflow", "torch",
    "numpy", "pandas", "pyarrow", "librosa", "dagster", "mlflow",
)  # fmt: skip
CPU_INFO = Path("/proc/cpuinfo")


def describe() -> dict[str, str]:
    """Return its properties by name: processor, cores, memory, GPU, versions."""
    installed = {distribution.name.replace("_", "-"): distribution.version for distribution in distributions()}
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "processor": f"{_processor()}, {cores} cores",
        "memory": f"{psutil.virtual_memory().total / 2**30:.1f} GiB",
        "GPU": str(len(find_gpus().usable) or "none"),
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "versions": ", ".join(f"{name} {installed[name]}" for name in PACKAGES if name in installed),
    }


def _processor() -> str:
    names = re.findall(r"model name\s*: (.+)", CPU_INFO.read_text()) if CPU_INFO.is_file() else []
    return names[0] if names else platform.processor() or platform.machine()
