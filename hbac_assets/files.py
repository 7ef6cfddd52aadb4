"""Files that are whole if they exist, and digests of files and values.

Every writer of the project goes through `atomic_write`. What a file means belongs elsewhere.
"""

import errno
import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from hbac_assets.errors import HbacError

TEMPORARY_MARK = ".partial"
UNWRITABLE = {
    errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EEXIST,
}  # fmt: skip


@contextmanager
def atomic_write(path: Path, *, flushed: bool = True) -> Iterator[Path]:
    """Yield a temporary path in the folder of `path`, which it replaces when the block ends without an error.

    The suffix of `path` stays the last one, since some writers choose their format by it. The temporary file is
    locked while it is written, so that `remove_leftovers` can tell it from one whose writer was killed.

    Args:
        path: the file.
        flushed: wait until the disk has it. Without, a power failure soon after can leave a file that is cut short;
            for files whose digest is compared before they are used, and which can be made again.

    Raises:
        HbacError: the folder cannot be written or the disk is full.
    """
    temporary = path.with_name(f".{path.stem}.{secrets.token_hex(4)}{TEMPORARY_MARK}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield temporary
            if flushed:
                with temporary.open("rb") as written:
                    os.fsync(written.fileno())
            temporary.replace(path)
    except OSError as error:
        if error.errno not in UNWRITABLE:
            raise
        raise HbacError(f"{path}: cannot be written ({error.strerror}); free space or write elsewhere") from error
    finally:
        temporary.unlink(missing_ok=True)


def remove_leftovers(folder: Path) -> None:
    """Delete the temporary files of killed writers, here and in all folders below."""
    for temporary in folder.rglob(f".*{TEMPORARY_MARK}*"):
        with suppress(FileNotFoundError, BlockingIOError), temporary.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            temporary.unlink()


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON."""
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def has_digest(path: Path, digest: str) -> bool:
    """Tell whether a file is there and its SHA-256 is `digest`."""
    try:
        return file_digest(path) == digest
    except FileNotFoundError:
        return False


def fingerprint(value: Any) -> str:
    """Return 16 hexadecimal digits that change whenever the JSON form of `value` does."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]
