"""Whether the locks in a folder hold between machines: one holds a lock, the others see whether it keeps them out.

Some network file systems have locks that hold on one machine alone, such as Lustre with `localflock` and NFS with
`local_lock`; two machines with folders of one name need not have one folder. Neither fails anywhere: a store would be
written by two at once.

    with hold_visibly(store.locks_folder, run_id):      # on one machine, as long as others ask
        lock_is_seen(store.locks_folder, run_id)        # on another: False where nothing must be written
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
    """Hold a lock in a folder while the block runs, for others to see; its file is gone afterwards.

    Args:
        folder: made if it is absent.
        name: nobody else's, such as the id of a run, so that several can hold theirs at once.

    Raises:
        HbacError: the folder cannot be written, or its file system has no locks.
    """
    path = folder / LOCK.format(name)
    with hold_any([path], lambda holder: None):
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def lock_is_seen(folder: Path, name: str) -> bool:
    """Tell whether the lock that somebody holds by `hold_visibly` keeps this process out.

    Several may ask at once, on one machine or many: they ask for a lock that they could share.

    Raises:
        HbacError: the folder's file system has no locks.
    """
    path = folder / LOCK.format(name)
    with suppress(FileNotFoundError, NotADirectoryError):
        descriptor = open_to_lock(path)
        try:
            return not try_flock(descriptor, path, shared=True)
        finally:
            os.close(descriptor)
    return False
