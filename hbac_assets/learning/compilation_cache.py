"""JAX's cache of compiled programs, written atomically.

JAX writes an entry in place and never again: after a killed writer, the truncated entry would be ignored and its
program recompiled in every process.
"""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from hbac_assets.errors import HbacError
from hbac_assets.store.files import atomic_write

if TYPE_CHECKING:
    from jax._src.lru_cache import LRUCache


def use(folder: Path) -> None:
    """Let JAX keep every program that this process compiles in `folder`, common to all processes.

    If it cannot be written, each process recompiles its programs.
    """
    import jax
    from jax._src.lru_cache import LRUCache

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    LRUCache.put = _put  # type: ignore[method-assign, assignment]


def _put(cache: "LRUCache", key: str, value: bytes) -> None:
    """Write an entry, replacing an existing one: JAX writes only if that could not be read."""
    with suppress(HbacError), atomic_write(Path(str(cache.path)) / f"{key}-cache", flushed=False) as temporary:
        temporary.write_bytes(value)
