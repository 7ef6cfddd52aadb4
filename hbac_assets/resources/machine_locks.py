"""Where lock files lie that hold for a whole machine: one place for all processes of a user, whatever `TMPDIR` says.

The folders that it may lie in are open to everybody, so it is only used if it is this user's own.
"""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from hbac_assets.errors import HbacError

PLACES = ("/tmp", "/dev/shm")  # noqa: S108  (the folder below is checked)


def machine_locks() -> Path:
    """Return the folder, which only this user can read or change.

    Raises:
        HbacError: none can be had.
    """
    places = [*PLACES, tempfile.gettempdir()]
    for place in places:
        folder = Path(place) / f"hbac_assets-{os.getuid()}"
        with suppress(OSError):  # somebody else's, a link, or no place to write
            with suppress(FileExistsError):
                folder.mkdir(mode=0o700)
            if _is_made_own(folder):
                return folder
    raise HbacError(
        f"{folder.name}: expected a folder of this user's own in one of {', '.join(places)}, for the locks of devices, "
        "found none that can be used or made; make one of them writable, or remove what has that name there"
    )


def _is_made_own(folder: Path) -> bool:
    """Tell whether a folder is this user's own, and let nobody else into it."""
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
