"""The kind of CPU and GPU that a program is compiled for: on another it may fail, even with SIGILL."""

import platform
import re
from pathlib import Path

from hbac_assets.store.files import fingerprint

CPUINFO = Path("/proc/cpuinfo")
SAID = ("model name", "flags", "CPU implementer", "CPU architecture", "CPU variant", "CPU part", "Features")
"""The fields that distinguish CPUs, on x86 and ARM (proc(5)): names and instruction sets."""
LISTS = ("flags", "Features")
LONGEST = 40


def machine_kind(gpu: str = "") -> str:
    """Return a folder name for this kind of machine: a readable part and a digest of its properties.

    Args:
        gpu: the driver's name of the GPU that programs run on; empty for the CPU.
    """
    said = _processor()
    readable = gpu or said.get("model name") or platform.processor() or platform.machine()
    name = re.sub("[^a-z0-9]+", "-", readable.lower())[:LONGEST].strip("-")
    digest = fingerprint([platform.system(), platform.machine(), platform.processor(), said, gpu])[:8]
    return f"{'gpu' if gpu else 'cpu'}-{name}-{digest}"


def _processor() -> dict[str, str]:
    """Return the properties of the first CPU under Linux; empty on other systems."""
    try:
        first = CPUINFO.read_text(encoding="utf-8", errors="replace").partition("\n\n")[0]
    except OSError:
        return {}
    said = {key.strip(): value.split() for key, _, value in (line.partition(":") for line in first.splitlines())}
    return {key: " ".join(sorted(said[key]) if key in LISTS else said[key]) for key in SAID if key in said}
