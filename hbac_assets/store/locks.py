"""Locks that die with their process: the operating system's file locks."""

import multiprocessing
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from hbac_assets.store.files import make_folder, open_to_lock, try_flock, write_faults

POLL_SECONDS = 0.5
REPEAT_SECONDS = 60.0
THIS_RUN = "this run"
"""The holder of a lock if that is another step of the waiting run; such lines are not repeated."""


@contextmanager
def hold_any(
    paths: Sequence[Path],
    on_wait: Callable[[str], None],
    count: int = 1,
    project: str = "",
    *,
    shared: bool = False,
) -> Iterator[list[Path]]:
    """Hold `count` of the locks `paths`, whichever are free first.

    While fewer are free none is held, so that two processes never wait for each other.

    Args:
        paths: lock files; they are created and never deleted, since after a deletion two processes could hold one name.
        on_wait: called if too few are free at once, and again every minute, with the holders: the process of each run
            and its project, or `THIS_RUN`; from the second time on with the time waited.
        count: at most the number of paths.
        project: the folder of the holding project, for those who wait.
        shared: hold the locks together with others that share them; shared holders do not sign, since the last to sign
            may be the first to end.

    Raises:
        HbacError: a lock file cannot be created, or its file system has no locks.
    """
    own, began, said, holders = "" if shared else _signature(project), time.monotonic(), -REPEAT_SECONDS, ""
    while True:
        held: dict[Path, int] = {}
        try:
            for path in paths:
                if len(held) < count and (descriptor := _try_lock(path, own, shared=shared)) is not None:
                    held[path] = descriptor
            if len(held) == count:
                yield list(held)
                return
        finally:
            for descriptor in held.values():
                os.close(descriptor)
        waited = time.monotonic() - began
        if waited - said >= REPEAT_SECONDS:
            before, holders, said = holders, _holders((path for path in paths if path not in held), own), waited
            if not before == holders == THIS_RUN:
                on_wait(holders + (f"; {waited / 60:.0f} min so far" if before else ""))
        time.sleep(POLL_SECONDS)


@contextmanager
def hold_now(path: Path, in_use: Callable[[str], Exception], project: str = "") -> Iterator[None]:
    """Hold a lock alone while the block runs, or raise at once.

    Args:
        path: the lock file.
        in_use: makes the error to raise if another process has the lock, from its signature; shared holders have none.
        project: the folder of the holding project, for those who wait.

    Raises:
        HbacError: the lock file cannot be created, or its file system has no locks.
    """
    if (descriptor := _try_lock(path, _signature(project))) is None:
        raise in_use(_signed(path))
    try:
        yield
    finally:
        os.close(descriptor)


def _try_lock(path: Path, signature: str, *, shared: bool = False) -> int | None:
    """Return the open descriptor that holds the lock, or None when another process has it."""
    with write_faults(path):
        make_folder(path.parent)
        descriptor = open_to_lock(path, os.O_CREAT)
    try:
        if not try_flock(descriptor, path, shared=shared):
            os.close(descriptor)
            return None
    except BaseException:
        os.close(descriptor)
        raise
    with suppress(OSError):  # a full disk, or another user's file: the holder is then not named
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, signature.encode(), 0)
    return descriptor


def _signature(project: str) -> str:
    """Return this process' signature of a lock: the id of its run's process, for which a step is forked."""
    parent = multiprocessing.parent_process()
    return f"process {parent.pid if parent else os.getpid()}" + (f" of {project}" if project else "")


def _holders(paths: Iterable[Path], own: str) -> str:
    signatures = {_signed(path) or "an unknown process" for path in paths}
    return ", ".join(sorted(signatures - {own}) + [THIS_RUN] * (own in signatures))


def _signed(path: Path) -> str:
    """Return the signature of a lock's holder; earlier versions sign with the process id alone."""
    signature = path.read_text(encoding="utf-8", errors="replace").strip()
    return f"process {signature}" if signature.isdigit() else signature
