"""The folder of socket files, whose paths must be short.

`multiprocessing` and Dagster put them into the temporary folder, whose path may be long.
"""

import multiprocessing.util
import os
import tempfile

from hbac_assets.errors import HbacError

# A socket's path has at most 103 bytes on macOS, 107 on Linux; names in the folder add up to 32.
LONGEST = 70
SHORT = "/tmp"  # noqa: S108  (who puts something there gives it a name that nobody else has)


def short_folder() -> str:
    """Return the temporary folder, or `SHORT` if its path is too long for sockets.

    Raises:
        HbacError: it is too long, and the other cannot be written.
    """
    folder = tempfile.gettempdir()
    if len(os.fsencode(folder)) <= LONGEST:
        return folder
    if not os.access(SHORT, os.W_OK | os.X_OK):
        raise HbacError(
            f"TMPDIR: expected a path of {LONGEST} bytes or less, since sockets are made there, found {folder}, and "
            f"{SHORT} in its place cannot be written; set TMPDIR to a shorter path"
        )
    return SHORT


def use_short_folder() -> None:
    """Let `multiprocessing` put its sockets, and nothing else, into a folder with a short path.

    Raises:
        HbacError: there is none.
    """
    before, tempfile.tempdir = tempfile.gettempdir(), short_folder()
    try:
        multiprocessing.util.get_temp_dir()  # created once per process
    finally:
        tempfile.tempdir = before
