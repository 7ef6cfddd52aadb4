"""Whether locks in a folder work across machines: one holds a lock, the others test whether it excludes them.

Some network file systems keep locks local to each machine, such as Lustre with `localflock` and NFS with `local_lock`;
and a path may name different folders on two machines. Neither raises an error: two processes would write to a store
at once.

    with hold_visibly(store.locks_folder, run_id):      # on one machine, while others test
        lock_is_seen(store.locks_folder, run_id)        # on another; if False, nothing may be written
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hbac_assets.store.files import open_to_lock, try_flock
from hbac_assets.store.locks import hold_any

LOCK = "seen-{}.lock"


@contextmanager
def hold_visibly(folder: Path, name: str) -> Iterator[None]:
    """Hold a lock in a folder during the block for others to test; its file is deleted afterwards.

    Args:
        folder: created if it does not exist.
        name: a unique name, such as the id of a run.

    Raises:
        HbacError: the folder cannot be written, or its file system does not support locks.
    """
    path = folder / LOCK.format(name)
    with hold_any([path], lambda holder: None):
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def lock_is_seen(folder: Path, name: str) -> bool:
    """Return whether a lock held by `hold_visibly` excludes this process.

    Several processes may test at once, on one or more machines: each tries a shared lock.

    Raises:
        HbacError: the folder's file system does not support locks.
    """
    path = folder / LOCK.format(name)
    with suppress(FileNotFoundError, NotADirectoryError):
        descriptor = open_to_lock(path)
        try:
            return not try_flock(descriptor, path, shared=True)
        finally:
            os.close(descriptor)
    return False
