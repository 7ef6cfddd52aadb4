"""A simulated driver that lists GPUs, and a simulated CUDA plugin of JAX, as visible without using a GPU."""

from collections.abc import Sequence
from pathlib import Path

from hbac_assets.resources.gpus import jax_has_cuda, present_gpus

UUIDS = ("GPU-11111111-aaaa", "GPU-22222222-bbbb", "GPU-22222222-cccc")


def forget() -> None:
    """Let the driver be asked again, and JAX' plugins be looked for."""
    present_gpus.cache_clear()
    jax_has_cuda.cache_clear()


def listing(uuids: Sequence[str]) -> str:
    """Return what nvidia-smi -L prints."""
    return "".join(f"GPU {index}: NVIDIA H100 80GB HBM3 (UUID: {uuid})\n" for index, uuid in enumerate(uuids))


def install_driver(folder: Path, uuids: Sequence[str] = UUIDS, lists: str = "") -> str:
    """Return a folder for PATH with an nvidia-smi, which notes in `folder / "asked"` each time that it is asked."""
    program = folder / "bin" / "nvidia-smi"
    program.parent.mkdir(parents=True)
    (folder / "listing").write_text(lists or listing(uuids))
    program.write_text(f"#!/bin/sh\necho once >> {folder}/asked\ncat {folder}/listing\n")
    program.chmod(0o755)
    return str(program.parent)


def install_plugin(folder: Path) -> str:
    """Return a folder for PYTHONPATH in which JAX would find a plugin for CUDA."""
    (folder / "site" / "jax_plugins" / "xla_cuda12").mkdir(parents=True)
    (folder / "site" / "jax_plugins" / "xla_cuda12" / "__init__.py").touch()
    return str(folder / "site")
