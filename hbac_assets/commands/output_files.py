"""Files that a user names for what a command finds."""

from pathlib import Path

from hbac_assets.errors import HbacError


def require_writable(option: str, path: Path | None) -> None:
    """Require, before the work begins, that the file of an option can be written; nothing where it is not given.

    Raises:
        HbacError: it is a folder, or in none.
    """
    if path and (path.is_dir() or not path.absolute().parent.is_dir()):
        found = "a folder" if path.is_dir() else f"no folder {path.absolute().parent}"
        raise HbacError(f"{option}: expected a file in a folder that exists, found {found}; correct {path}")


def write_text(path: Path, text: str) -> None:
    """Write a file, in place of one that is there.

    Raises:
        HbacError: the disk is full, or the system does not let this user write there.
    """
    from hbac_assets.store.files import atomic_write

    content = text.encode()
    with atomic_write(path, size=len(content)) as temporary:
        temporary.write_bytes(content)
