"""Choice of a file's reader by its first bytes, whatever its suffix."""

import os
from pathlib import Path

from hbac_assets.recordings import edf_layout, parquet
from hbac_assets.recordings.edf import open_edf
from hbac_assets.recordings.mne_formats import SUFFIXES, open_by_mne
from hbac_assets.recordings.parquet import open_parquet
from hbac_assets.recordings.recording import Recording, refusal

FORMATS = "an EDF, BDF or parquet file, or a format that MNE-Python reads"
PACKED = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"7z\xbc\xaf": "7-Zip"}


def open_recording(path: Path) -> Recording:
    """Return the recording in a file.

    Raises:
        HbacError: it cannot be read.
    """
    suffix = path.suffix.lower()
    if path.is_dir() and suffix != ".mff":
        raise refusal(path, FORMATS, "a folder", "name the files in it")
    if not path.exists():
        raise refusal(path, FORMATS, "a link to nothing" if path.is_symlink() else "nothing", "correct the name")
    if not os.access(path, os.R_OK):
        raise refusal(path, FORMATS, "a file that you may not read", "change its permissions")
    begin = b"" if path.is_dir() else _first_bytes(path)
    if begin in edf_layout.MAGIC:
        return open_edf(path)
    if begin.startswith(parquet.MAGIC):
        return open_parquet(path)
    for magic, name in PACKED.items():
        if begin.startswith(magic):
            raise refusal(path, FORMATS, f"one packed by {name}", "unpack it")
    if suffix in SUFFIXES:
        return open_by_mne(path)
    found = f"the first bytes {begin!r}" if begin else "an empty file"
    raise refusal(path, FORMATS, found, "export the recording as EDF")


def _first_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(8)
    except OSError as error:
        raise refusal(path, FORMATS, error.strerror, "copy it to another disk") from error
