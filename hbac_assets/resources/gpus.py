"""The GPUs of this machine, and those that a process may use; no GPU is initialised and JAX is not imported."""

import os
import pkgutil
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from typing import NamedTuple

VISIBLE = "CUDA_VISIBLE_DEVICES"
HIDDEN = ("", "-1", "none", "NoDevFiles", "void")
"""Values by which users, Slurm and container runtimes hide all GPUs."""
_GPU = re.compile(r"GPU (\d+): (.*) \(UUID: (GPU-[^)]+)\)")
_PART = re.compile(r"\s+MIG .*\(UUID: (MIG-[^)]+)\)")


@dataclass(frozen=True)
class Gpu:
    """A GPU, or a MIG instance.

    Attributes:
        index: its number in the driver's list, for a MIG instance that of its GPU. Another job on the machine may
            number the same GPU differently.
        uuid: the same for all jobs.
        name: its model.
    """

    index: str
    uuid: str
    name: str

    @property
    def label(self) -> str:
        """Its name for people."""
        return self.uuid if self.uuid.startswith("MIG-") else self.index


class Found(NamedTuple):
    """The result of a search for GPUs.

    Attributes:
        usable: those that a step can be given.
        unused: why the machine's GPUs cannot be used, with the remedy; empty if there is nothing to report.
    """

    usable: list[Gpu]
    unused: str = ""


def find_gpus() -> Found:
    """Return the GPUs that JAX can use in this process."""
    present = present_gpus()
    if not present:
        return Found([])
    listed = ", ".join(f"{gpu.label} {gpu.name}" for gpu in present)
    chosen = os.environ.get(VISIBLE)
    visible = list(present) if chosen is None else visible_gpus(present, chosen)
    if not visible:
        hidden = chosen is not None and chosen.split(",")[0].strip() in HIDDEN
        return Found([], "" if hidden else f"{VISIBLE} names none of this machine's GPUs ({listed}), found {chosen!r}")
    platforms = os.environ.get("JAX_PLATFORMS")
    if platforms and not {"cuda", "gpu"} & set(platforms.split(",")):
        return Found([], f"JAX_PLATFORMS keeps JAX from this machine's GPUs ({listed}), found {platforms!r}")
    if not jax_has_cuda():
        return Found([], f"JAX is installed without CUDA for this machine's GPUs ({listed}): run `make setup GPU=1`")
    return Found(visible)


def visible_gpus(present: Sequence[Gpu], chosen: str) -> list[Gpu]:
    """Return the GPUs that a value of `CUDA_VISIBLE_DEVICES` selects.

    As CUDA does: indices and prefixes of UUIDs, up to the first that matches none or several.
    """
    visible: list[Gpu] = []
    for one in (part.strip() for part in chosen.split(",")):
        found = [gpu for gpu in present if _is(gpu, one)]
        if not found or (len(found) > 1 and not one.isdecimal()) or found[0] in visible:
            break
        visible.append(found[0])
    return visible


def _is(gpu: Gpu, one: str) -> bool:
    """Return whether an entry of `CUDA_VISIBLE_DEVICES` selects a GPU; an index selects its first MIG instance."""
    if one.isdecimal():
        return gpu.index == str(int(one))
    return len(one) > len("GPU-") and gpu.uuid.startswith(one)


@cache
def present_gpus() -> tuple[Gpu, ...]:
    """Return this machine's GPUs as the driver lists them; cached, since the query can take a second."""
    try:
        answer = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ()
    found: list[Gpu] = []
    parts: list[Gpu] = []
    for line in answer.stdout.splitlines():
        if whole := _GPU.match(line):
            found.append(Gpu(whole[1], whole[3], whole[2]))
        elif (part := _PART.match(line)) and found:
            parts.append(replace(found[-1], uuid=part[1]))
    divided = {part.index for part in parts}  # with MIG, the whole GPU is no CUDA device
    return (*(gpu for gpu in found if gpu.index not in divided), *parts)


@cache
def jax_has_cuda() -> bool:
    """Return whether a CUDA plugin is installed, in either place where JAX looks for plugins."""
    spec = find_spec("jax_plugins")
    folders = list(spec.submodule_search_locations or []) if spec else []
    names = [module.name for module in pkgutil.iter_modules(folders)]
    names += [plugin.name for plugin in entry_points(group="jax_plugins")]
    return any("cuda" in name for name in names)
