"""Output files that a user names."""

from pathlib import Path

from hbac_assets.errors import HbacError


def require_writable(option: str, path: Path | None) -> None:
    """Require, before the work begins, that an option's file can be written; a missing option passes.

    Raises:
        HbacError: it is a folder, or its folder does not exist.
    """
    if path and (path.is_dir() or not path.absolute().parent.is_dir()):
        found = "a folder" if path.is_dir() else f"no folder {path.absolute().parent}"
        raise HbacError(f"{option}: expected a file in a folder that exists, found {found}; correct {path}")


def write_text(path: Path, text: str) -> None:
    """Write a file, replacing an existing one.

    Raises:
        HbacError: the disk is full, or the user has no permission.
    """
    from hbac_assets.store.files import atomic_write

    content = text.encode()
    with atomic_write(path, size=len(content)) as temporary:
        temporary.write_bytes(content)
