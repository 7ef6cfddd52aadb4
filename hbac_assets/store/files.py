"""Atomic files, which are complete if they exist, and digests of files and values.

Every writer of the project goes through `atomic_write`. The meaning of files belongs elsewhere.
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
"""Another user may have planted a link in place of a lock, to have its target overwritten."""
NO_LOCKS = {errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK}
UNWRITABLE = {errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EEXIST, errno.ELOOP}
LITTLE_SPACE = 16_000_000
"""Bytes: with less free, an unspecific error is taken for a full disk. Other writers may have freed space since."""
UNITS = {"TB": 1e12, "GB": 1e9, "MB": 1e6}
SQLITE_FULL = "database or disk is full"


class FullDiskError(HbacError):
    """There is no space for a file.

    Attributes:
        needed: its size in bytes; 0 if unknown.
    """

    needed = 0


class NoLocksError(HbacError):
    """A file's file system has no locks.

    Attributes:
        path: the file.
    """

    def __init__(self, path: Path, error: OSError) -> None:
        """Describe the system's `error`."""
        self.path, self.said = path, os.strerror(error.errno or 0)
        super().__init__(f"{path}: its file system has no locks ({self.said}); use a folder on another one")


@contextmanager
def atomic_write(path: Path, *, flushed: bool = True, size: int = 0) -> Iterator[Path]:
    """Yield a temporary path in the folder of `path`, which it replaces when the block ends without an error.

    The suffix of `path` stays last, since some writers choose their format by it. The temporary file is locked while it
    is written, so that `remove_leftovers` can distinguish it from one whose writer was killed.

    Args:
        path: the file.
        flushed: wait until the disk has it. Without, a power failure soon after can truncate the file; false suits
            files whose digest is compared before use and that can be made again.
        size: the approximate size in bytes, if known; for the message of a full disk.

    Raises:
        FullDiskError: the disk is full, whatever the writer raised.
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
        with suppress(OSError):  # not a folder, or a read-only file system
            temporary.unlink()


def make_folder(folder: Path) -> None:
    """Create a folder and its missing parents.

    Raises:
        HbacError: the file system does not allow it, as in /proc, where the error is "no such file".
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileNotFoundError as error:
        raise unwritable(folder, error) from error


def open_to_lock(path: Path, flags: int = 0) -> int:
    """Return the descriptor of a file to be locked, opened for writing, as NFS requires, and not truncated.

    Another user's file is opened read-only, which suffices on other file systems. Symbolic links are not followed:
    somebody may have planted one to have another file locked or overwritten.

    Args:
        path: the file.
        flags: additional flags of `os.open`.
    """
    try:
        return os.open(path, os.O_RDWR | NO_LINK | flags, 0o666)
    except PermissionError:
        if not path.exists():
            raise
        return os.open(path, os.O_RDONLY | NO_LINK)


def try_flock(descriptor: int, path: Path, *, shared: bool = False) -> bool:
    """Lock an open file until it is closed, and return whether that succeeded.

    Args:
        descriptor: of the file.
        path: the file.
        shared: with others who share the lock, but with no exclusive holder.

    Raises:
        NoLocksError: the file system of `path` has none.
        HbacError: the file system requires the file to be writable.
    """
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno in NO_LOCKS:
            raise NoLocksError(path, error) from error
        if error.errno == errno.EBADF:  # NFS locks only files open for writing
            raise unwritable(path, PermissionError(errno.EACCES, "")) from error
        raise
    return True


@contextmanager
def write_faults(path: Path, size: int = 0, temporary: Path | None = None) -> Iterator[None]:
    """Turn a disk error of the block, which writes to `path`, into an error of one line.

    Args:
        path: the file that is written, or the folder.
        size: its bytes; 0 if unknown.
        temporary: a file that is deleted when the block fails, which frees its space.

    Raises:
        FullDiskError: the disk is full.
        HbacError: the user has no permission.
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
    """Return a `FullDiskError` for a writer's error if its disk is full, whether the error says so or not.

    Args:
        path: the file that it writes, or the folder.
        error: that it raised.
        size: bytes that it needs; 0 if unknown.
        written: bytes already written, which will have been freed when the line is read.
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
    """Return the error for a path to which this user may not write."""
    assert error.errno is not None
    advice = "free space" if error.errno == errno.EDQUOT else _how_to_share(path)
    return HbacError(f"{path}: cannot be written ({os.strerror(error.errno)}); {advice} or write elsewhere")


def _how_to_share(path: Path) -> str:
    """Return advice on making a path writable for this user, who may not own it."""
    there = next(one for one in (path, *path.parents) if os.path.lexists(one))
    if there.lstat().st_uid == os.geteuid():
        return "make it writable"
    return (
        "make it writable, as by its owner's `chmod -R g+rwX` and `chmod g+s` of the folders and a umask of 002 of all "
        "who share it,"
    )


@contextmanager
def writable(folder: Path, variable: str, size: int = 0) -> Iterator[None]:
    """Require that a folder can be written, and turn a full disk in the block into an error of one line.

    Args:
        folder: it need not exist yet.
        variable: of the environment, that names it.
        size: bytes that must be free there; 0 if unknown.

    Raises:
        FullDiskError: the disk is full, whichever library raised.
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
    """Return the error with the approximate need of all that is left, so that space is freed once.

    Args:
        full: the error that stopped the work.
        files: those written.
        done: the number of items that they belong to.
        left: the number of similar items still to write.
    """
    each = sum(map(_size, files)) / done if done else full.needed
    return FullDiskError(f"{full}; all that is left needs about {readable_size(each * left)}") if each else full


def remove_leftovers(folder: Path) -> None:
    """Delete the temporary files of killed writers, here and in all subfolders."""
    for temporary in folder.rglob(f".*{TEMPORARY_MARK}*"):
        remove_leftover(temporary)


def remove_leftover(temporary: Path) -> bool:
    """Delete the temporary file of a killed writer and return whether it is gone.

    A file that is being written is kept, and so is another user's that cannot be locked.
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
    """Return the size of a file in bytes, 0 if it does not exist."""
    return path.stat().st_size if path.exists() else 0


def readable_size(size: float) -> str:
    """Return a size as text, such as 4.1 kB."""
    return next((f"{size / unit:.1f} {name}" for name, unit in UNITS.items() if size >= unit), f"{size / 1e3:.1f} kB")


def has_digest(path: Path, digest: str) -> bool:
    """Return whether a file exists and its SHA-256 is `digest`."""
    try:
        return file_digest(path) == digest
    except FileNotFoundError:
        return False


def fingerprint(value: Any) -> str:
    """Return a digest of the JSON form of `value`, as 16 hexadecimal digits."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]
