"""Locks that die with their process, by the operating system's file locks."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from hbac_assets.store.files import try_flock, write_faults

POLL_SECONDS = 0.5
NO_LINK = os.O_NOFOLLOW
"""Somebody else may have planted one where a lock is to be, to have its target overwritten."""


@contextmanager
def hold_any(
    paths: Sequence[Path], on_wait: Callable[[str], None], count: int = 1, *, shared: bool = False
) -> Iterator[list[Path]]:
    """Hold the locks of `count` of `paths`, whichever are free first.

    While fewer are free none is kept, so that two processes never wait for each other.

    Args:
        paths: lock files; they are created and never deleted, since deleting would let two processes hold one name.
        on_wait: called once with the ids of the holding processes if too few are free at once.
        count: how many; no more than there are paths.
        shared: others may hold the same lock if they share it, too.

    Raises:
        HbacError: a lock file cannot be created, or its file system has no locks.
    """
    waiting = False
    while True:
        held: dict[Path, int] = {}
        try:
            for path in paths:
                if len(held) < count and (descriptor := _try_lock(path, shared)) is not None:
                    held[path] = descriptor
            if len(held) == count:
                yield list(held)
                return
        finally:
            for descriptor in held.values():
                os.close(descriptor)
        if not waiting:
            on_wait(", ".join(f"process {_holder(path)}" for path in paths if path not in held))
            waiting = True
        time.sleep(POLL_SECONDS)


@contextmanager
def hold_now(path: Path, in_use: Callable[[str], Exception]) -> Iterator[None]:
    """Hold a lock alone while the block runs, or raise at once.

    Args:
        path: the lock file.
        in_use: makes what is raised if another process has the lock, of that process' id; those of who share it are
            not known.

    Raises:
        HbacError: the lock file cannot be created, or its file system has no locks.
    """
    if (descriptor := _try_lock(path, shared=False)) is None:
        raise in_use(_holder(path))
    try:
        yield
    finally:
        os.close(descriptor)


def _try_lock(path: Path, shared: bool) -> int | None:
    """Return the open descriptor that holds the lock, or None when another process has it."""
    with write_faults(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = _open(path)
    try:
        if not try_flock(descriptor, path, shared=shared):
            os.close(descriptor)
            return None
    except BaseException:
        os.close(descriptor)
        raise
    with suppress(OSError):  # a full disk, or another user's file: who waits is then not told for whom
        os.ftruncate(descriptor, 0)
        if not shared:  # of several who share it, the last to sign may be the first to end
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    return descriptor


def _open(path: Path) -> int:
    """Return a descriptor of the file, which is read only if it is another user's: a lock asks for no more."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | NO_LINK, 0o666)
    except PermissionError:
        if not path.exists():
            raise
        return os.open(path, os.O_RDONLY | NO_LINK)


def _holder(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip() or "unknown"
