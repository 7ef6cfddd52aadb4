"""Where processes of one machine meet: the files of their sockets, whose paths the system wants short.

`multiprocessing` and Dagster put them into the temporary folder, which may lie deep below a job's own.
"""

import multiprocessing.util
import os
import tempfile

from hbac_assets.errors import HbacError

# A socket's path has no more than 103 bytes on macOS, 107 on Linux; what is made in the folder adds up to 32.
LONGEST = 70
SHORT = "/tmp"  # noqa: S108  (who puts something there gives it a name that nobody else has)


def short_folder() -> str:
    """Return the temporary folder, or `SHORT` where its path is too long for a socket's.

    Raises:
        HbacError: it is too long, and nothing can be written to the other.
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
    """Let `multiprocessing` put its sockets, and nothing else, into a folder whose path is short enough.

    Raises:
        HbacError: there is none.
    """
    before, tempfile.tempdir = tempfile.gettempdir(), short_folder()
    try:
        multiprocessing.util.get_temp_dir()  # made once in a process, and kept
    finally:
        tempfile.tempdir = before
