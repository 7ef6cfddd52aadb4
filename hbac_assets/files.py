"""Files that are whole if they exist, and digests of files and values.

Every writer of the project goes through `atomic_write`. What a file means belongs elsewhere.
"""

import errno
import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hbac_assets.errors import HbacError

TEMPORARY_SUFFIX = ".partial"
UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary path in the folder of `path`, which it replaces when the block ends without an error.

    The suffix of `path` stays the last one, since some writers choose their format by it.

    Raises:
        HbacError: the folder cannot be written or the disk is full.
    """
    temporary = path.with_name(f".{path.stem}.{secrets.token_hex(4)}{TEMPORARY_SUFFIX}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    except OSError as error:
        if error.errno not in UNWRITABLE:
            raise
        raise HbacError(f"{path}: cannot be written ({error.strerror}); free space or write elsewhere") from error
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON."""
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint(value: Any) -> str:
    """Return 16 hexadecimal digits that change whenever the JSON form of `value` does."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]
