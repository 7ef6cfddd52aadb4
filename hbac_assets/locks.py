"""Locks that die with their process, by the operating system's file locks."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

POLL_SECONDS = 0.5


@contextmanager
def hold_any(paths: Sequence[Path], on_wait: Callable[[str], None]) -> Iterator[Path]:
    """Hold the lock of one of `paths`, whichever is free first.

    Args:
        paths: lock files; they are created and never deleted, since deleting would let two processes hold one name.
        on_wait: called once with the ids of the holding processes if none is free at once.
    """
    waiting = False
    while True:
        for path in paths:
            descriptor = _try_lock(path)
            if descriptor is None:
                continue
            try:
                yield path
            finally:
                os.close(descriptor)
            return
        if not waiting:
            on_wait(", ".join(f"process {_holder(path)}" for path in paths))
            waiting = True
        time.sleep(POLL_SECONDS)


def _try_lock(path: Path) -> int | None:
    """Return the open descriptor that holds the lock, or None when another process has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    return descriptor


def _holder(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip() or "unknown"
