"""Reproducible zips: their bytes depend only on the folder's files."""

import zipfile
from pathlib import Path

from hbac_assets.store.files import atomic_write

EARLIEST = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can store
MODE, UNIX = 0o100644, 3


def pack(folder: Path, target: Path) -> None:
    """Write the files of `folder` into the zip `target`, ordered by name, without times or owners."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    size = sum(file.stat().st_size for file in files)
    with atomic_write(target, size=size) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for file in files:
            entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), EARLIEST)
            entry.external_attr, entry.create_system = MODE << 16, UNIX
            archive.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED, compresslevel=6)
