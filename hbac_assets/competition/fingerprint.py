"""The fingerprint of a folder in Kaggle's layout: what the results made from it are filed under."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hbac_assets.competition.faults import fault
from hbac_assets.files import file_digest, fingerprint

TABLES = ("train.csv", "test.csv", "sample_submission.csv")
SPECTROGRAM_FOLDERS = ("train_spectrograms", "test_spectrograms")
EEG_FOLDERS = ("train_eegs", "test_eegs")

# A parquet file ends with its footer, the footer's length in four bytes and the magic number.
TAIL = 8
MAGIC = b"PAR1"

THREADS = 8


def dataset_fingerprint(folder: Path) -> str:
    """Return 16 hexadecimal digits that change with the content of the tables and recordings.

    Tables count with all their bytes; a recording with its name, its size and its parquet footer, which holds
    schema, row counts and the least and greatest value of each column. So 26 GB cost 2 GB of reading. What
    this misses, a value changed in place that was no extreme, the conversion's own record of size and time of
    change notices.

    EEG folders, and single recordings, may be absent: who needs one says so.

    Raises:
        HbacError: the folder, a table or a folder of spectrograms is absent.
    """
    if not folder.is_dir():
        raise fault(folder, "a folder in Kaggle's layout", "none", "correct HBAC_DATA_DIR")
    for name in TABLES:
        if not (folder / name).is_file():
            raise fault(folder / name, "a file", "none", "complete the download or correct HBAC_DATA_DIR")
    for name in SPECTROGRAM_FOLDERS:
        if not (folder / name).is_dir():
            raise fault(folder / name, "a folder", "none", "complete the download or correct HBAC_DATA_DIR")
    with ThreadPoolExecutor(THREADS) as pool:
        recordings = list(pool.map(_recording, _recordings(folder)))
    return fingerprint({"tables": [file_digest(folder / name) for name in TABLES], "recordings": recordings})


def _recordings(folder: Path) -> Iterator[Path]:
    for name in SPECTROGRAM_FOLDERS + EEG_FOLDERS:
        yield from sorted((folder / name).glob("*.parquet"))


def _recording(path: Path) -> tuple[str, int, str]:
    size = path.stat().st_size
    return f"{path.parent.name}/{path.name}", size, hashlib.sha256(_footer(path, size)).hexdigest()


def _footer(path: Path, size: int) -> bytes:
    """Return the footer, or of a file that has none the last bytes; the conversion will refuse that one."""
    with path.open("rb") as file:
        file.seek(max(0, size - TAIL))
        tail = file.read(TAIL)
        length = int.from_bytes(tail[:4], "little")
        if not tail.endswith(MAGIC) or length + TAIL > size:
            return tail
        file.seek(size - TAIL - length)
        return file.read(length)
