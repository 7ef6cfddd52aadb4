"""The folder of machine-wide lock files: the same for all processes of a user, whatever `TMPDIR` is.

Its parent is open to everybody, so it is used only if this user owns it.
"""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from hbac_assets.errors import HbacError

PLACES = ("/tmp", "/dev/shm")  # noqa: S108  (the folder below is checked)


def machine_locks() -> Path:
    """Return the folder, which only this user can read or write.

    Raises:
        HbacError: there is no such folder and none can be created.
    """
    places = [*PLACES, tempfile.gettempdir()]
    for place in places:
        folder = Path(place) / f"hbac_assets-{os.getuid()}"
        with suppress(OSError):  # another user's, a link, or not writable
            with suppress(FileExistsError):
                folder.mkdir(mode=0o700)
            if _is_made_own(folder):
                return folder
    raise HbacError(
        f"{folder.name}: expected a folder of this user's own in one of {', '.join(places)}, for the locks of devices, "
        "found none that is usable or can be created; make one writable, or remove the file of that name"
    )


def _is_made_own(folder: Path) -> bool:
    """Return whether this user owns a folder, and make it private."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        found = os.fstat(descriptor)
        if found.st_uid != os.getuid():
            return False
        if found.st_mode & 0o777 != 0o700:
            os.fchmod(descriptor, 0o700)
        return os.access(folder, os.W_OK | os.X_OK)
    finally:
        os.close(descriptor)
