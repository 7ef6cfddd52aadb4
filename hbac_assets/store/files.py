"""Files that are whole if they exist, and digests of files and values.

Every writer of the project goes through `atomic_write`. What a file means belongs elsewhere.
"""

import errno
import fcntl
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from hbac_assets.errors import HbacError

TEMPORARY_MARK = ".partial"
NO_LINK = os.O_NOFOLLOW
"""Somebody else may have planted one where a lock is to be, to have its target overwritten."""
NO_LOCKS = {errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK}
UNWRITABLE = {errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EEXIST, errno.ELOOP}
LITTLE_SPACE = 16_000_000
"""Bytes: with less, an error that does not say what it is comes from a full disk. Other writers than the failed one may
have given theirs back meanwhile."""
UNITS = {"TB": 1e12, "GB": 1e9, "MB": 1e6}
SQLITE_FULL = "database or disk is full"


class FullDiskError(HbacError):
    """A file for which there is no space.

    Attributes:
        needed: its size in bytes; 0 where it is not known.
    """

    needed = 0


class NoLocksError(HbacError):
    """A file whose file system has no locks.

    Attributes:
        path: the file.
    """

    def __init__(self, path: Path, error: OSError) -> None:
        """Say so; `error` is what the system said."""
        self.path, self.said = path, os.strerror(error.errno or 0)
        super().__init__(f"{path}: its file system has no locks ({self.said}); use a folder on another one")


@contextmanager
def atomic_write(path: Path, *, flushed: bool = True, size: int = 0) -> Iterator[Path]:
    """Yield a temporary path in the folder of `path`, which it replaces when the block ends without an error.

    The suffix of `path` stays the last one, since some writers choose their format by it. The temporary file is
    locked while it is written, so that `remove_leftovers` can tell it from one whose writer was killed.

    Args:
        path: the file.
        flushed: wait until the disk has it. Without, a power failure soon after can leave a file that is cut short;
            for files whose digest is compared before they are used, and which can be made again.
        size: about how many bytes the file will have, where that is known; for the message of a full disk.

    Raises:
        FullDiskError: the disk is full, whatever the writer makes of that.
        HbacError: the folder cannot be written.
    """
    temporary = path.with_name(f".{path.stem}.{secrets.token_hex(4)}{TEMPORARY_MARK}{path.suffix}")
    try:
        with write_faults(path, size, temporary):
            make_folder(path.parent)
            with temporary.open("xb") as lock:
                try_flock(lock.fileno(), path)
                yield temporary
                if flushed:
                    with temporary.open("rb") as written:
                        os.fsync(written.fileno())
                temporary.replace(path)
    finally:
        with suppress(OSError):  # the folder is none, or its file system only read
            temporary.unlink()


def make_folder(folder: Path) -> None:
    """Make a folder and those that it lies in, as far as they are missing.

    Raises:
        HbacError: the system lets nobody make it, as in /proc, which says that there is no such folder.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileNotFoundError as error:
        raise unwritable(folder, error) from error


def open_to_lock(path: Path, flags: int = 0) -> int:
    """Return the descriptor of a file that is to be locked: open for writing, which NFS wants for that, not cut short.

    It is read only where it is another user's: other file systems ask for no more. Somebody may have planted a link in
    its place, to have another file locked or overwritten; none is followed.

    Args:
        path: the file.
        flags: more of `os.open`.
    """
    try:
        return os.open(path, os.O_RDWR | NO_LINK | flags, 0o666)
    except PermissionError:
        if not path.exists():
            raise
        return os.open(path, os.O_RDONLY | NO_LINK)


def try_flock(descriptor: int, path: Path, *, shared: bool = False) -> bool:
    """Lock an open file until it is closed, and tell whether that could be had.

    Args:
        descriptor: of the file.
        path: the file.
        shared: beside others who share the lock, but nobody who has it alone.

    Raises:
        NoLocksError: there are none where `path` lies.
        HbacError: its file system wants the file to be writable for that.
    """
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno in NO_LOCKS:
            raise NoLocksError(path, error) from error
        if error.errno == errno.EBADF:  # NFS locks only what is open for writing
            raise unwritable(path, PermissionError(errno.EACCES, "")) from error
        raise
    return True


@contextmanager
def write_faults(path: Path, size: int = 0, temporary: Path | None = None) -> Iterator[None]:
    """Turn an error of the block, which writes to `path`, into its line if it comes from the disk.

    Args:
        path: what is written, or the folder.
        size: its bytes; 0 where that is not known.
        temporary: a file that goes away when the block fails, and gives its space back.

    Raises:
        FullDiskError: the disk is full.
        HbacError: the system does not let this user write there.
    """
    try:
        yield
    except Exception as error:
        if full := full_disk(path, error, size, _size(temporary) if temporary else 0):
            raise full from error
        if isinstance(error, OSError) and error.errno in UNWRITABLE:
            raise unwritable(path, error) from error
        raise


def full_disk(path: Path, error: Exception, size: int = 0, written: int = 0) -> FullDiskError | None:
    """Return the line for an error of a writer if its disk is full, whether the error says so or not.

    Args:
        path: what it writes, or the folder it writes to.
        error: what it raised.
        size: bytes that it needs; 0 where that is not known.
        written: how many of them take up space now, and no longer once the line is read.
    """
    if isinstance(error, HbacError):
        return None
    folder = next(parent for parent in (path, *path.parents) if parent.is_dir())
    free = shutil.disk_usage(folder).free + written
    number = getattr(error, "errno", None)
    said = number == errno.ENOSPC or SQLITE_FULL in str(error)
    if not said and (number is not None or free >= max(size, LITTLE_SPACE)):
        return None
    files = os.statvfs(folder)
    if files.f_files and not files.f_favail:
        needs = "a file more than its file system can hold"
    elif size:
        needs = f"{readable_size(size)}, {readable_size(free)} are free"
    else:
        needs = f"more than the {readable_size(free)} that are free"
    full = FullDiskError(
        f"{path}: cannot be written ({os.strerror(errno.ENOSPC)}): needs {needs}; free space or write elsewhere"
    )
    full.needed = size
    return full


def unwritable(path: Path, error: OSError) -> HbacError:
    """Return the line for a path that the system does not let this user write to."""
    assert error.errno is not None
    advice = "free space" if error.errno == errno.EDQUOT else _how_to_share(path)
    return HbacError(f"{path}: cannot be written ({os.strerror(error.errno)}); {advice} or write elsewhere")


def _how_to_share(path: Path) -> str:
    """Return what makes a path writable for this user, to whom it may not belong."""
    there = next(one for one in (path, *path.parents) if os.path.lexists(one))
    if there.lstat().st_uid == os.geteuid():
        return "make it writable"
    return (
        "make it writable, as by its owner's `chmod -R g+rwX` and `chmod g+s` of the folders and a umask of 002 of all "
        "who share it,"
    )


@contextmanager
def writable(folder: Path, variable: str, size: int = 0) -> Iterator[None]:
    """Let the block write to a folder: require that it can, and if the disk is full then say no more than that.

    Args:
        folder: it need not exist yet.
        variable: of the environment, that points to it.
        size: bytes that must be free there; 0 where that is not known.

    Raises:
        FullDiskError: the disk is full, whichever library came upon it.
        HbacError: the folder cannot be written to, or its file system has no locks.
    """
    nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not (nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)):
        found = str(folder) if nearest == folder else f"{folder} in {nearest}, which cannot"
        advice = _how_to_share(nearest)
        raise HbacError(f"{variable}: expected a folder that can be written, found {found}; {advice} or name another")
    try:
        yield
    except NoLocksError as error:
        if not error.path.is_relative_to(folder):
            raise
        raise HbacError(
            f"{variable}: expected a folder whose file system has locks, found {folder} ({error.said}); name one on "
            "another file system, or have this one mounted with locks"
        ) from error
    except Exception as error:
        if full := full_disk(folder, error, size):
            raise full from error
        raise


def with_remaining(full: FullDiskError, files: Iterable[Path], done: int, left: int) -> FullDiskError:
    """Return the line with about how much the rest needs, so that space need not be freed for one file at a time.

    Args:
        full: what stopped the work.
        files: those written.
        done: how many things they belong to; the rest is as many like them as are `left`.
        left: see `done`.
    """
    each = sum(map(_size, files)) / done if done else full.needed
    return FullDiskError(f"{full}; all that is left needs about {readable_size(each * left)}") if each else full


def remove_leftovers(folder: Path) -> None:
    """Delete the temporary files of killed writers, here and in all folders below."""
    for temporary in folder.rglob(f".*{TEMPORARY_MARK}*"):
        remove_leftover(temporary)


def remove_leftover(temporary: Path) -> bool:
    """Delete the temporary file of a killed writer and tell whether it is gone.

    One that is being written stays, and so does another user's where that cannot be seen.
    """
    with suppress(OSError, HbacError):
        descriptor = open_to_lock(temporary)
        try:
            if try_flock(descriptor, temporary):
                temporary.unlink()
        finally:
            os.close(descriptor)
    return not os.path.lexists(temporary)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON."""
    content = json.dumps(value, indent=2).encode() + b"\n"
    with atomic_write(path, size=len(content)) as temporary:
        temporary.write_bytes(content)


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _size(path: Path) -> int:
    """Return the bytes of a file, 0 where there is none."""
    return path.stat().st_size if path.exists() else 0


def readable_size(size: float) -> str:
    """Return bytes as people read them."""
    return next((f"{size / unit:.1f} {name}" for name, unit in UNITS.items() if size >= unit), f"{size / 1e3:.1f} kB")


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
