"""From the spectrograms' parquet files to npy arrays: in parallel, resumably, past the files at fault.

What a right file is belongs to `spectrogram_file`. The folder of the arrays holds an index: a target is kept
if it was made from the source as it is now and has not been touched since; whatever the index misses is
converted again.
"""

import json
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import pandas as pd

from hbac_assets.competition.faults import fault
from hbac_assets.competition.spectrogram_file import SpectrogramError, read_spectrogram
from hbac_assets.files import atomic_write, file_digest, write_json

INDEX = "index.json"

VERSION = 1
"""Raised when the same source would give another array."""

INDEX_EVERY_SECONDS = 5.0

Progress = Callable[[int, int], None]
"""Called with the number of files done and the number of all."""


@dataclass(frozen=True)
class Conversion:
    """What became of one file."""

    columns: int
    """Length T of the array: one column each 2 s."""
    nan_share: float
    """Share of the values that were NaN and are now 0."""
    digest: str
    """SHA-256 of the npy file."""


def convert_spectrogram(source: Path, target: Path) -> Conversion:
    """Write the spectrogram of `source` to `target` as float32 (400, T), C-contiguous, NaN replaced by 0.

    Raises:
        SpectrogramError: `source` is not a spectrogram as `read_spectrogram` wants it.
        HbacError: `target` cannot be written.
    """
    power = read_spectrogram(source)
    missing = np.isnan(power)
    power[missing] = 0
    with atomic_write(target) as temporary:
        write_npy(temporary, power)
        digest = file_digest(temporary)
    return Conversion(power.shape[1], float(missing.mean()), digest)


def write_npy(path: Path, array: np.ndarray) -> None:
    """Write a C-contiguous array as `np.save` does, but so that a full disk is reported as one.

    `np.save` writes with C's own functions and raises an OSError without the system's error number.
    """
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(array))
        file.write(array.data)


def convert_all(
    sources: Iterable[Path], target_folder: Path, workers: int, progress: Progress = lambda done, total: None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Convert each source to `target_folder/<spectrogram_id>.npy`; what is up to date is kept.

    Threads suffice: decoding, hashing and writing release Python's lock.

    Args:
        sources: files named `<spectrogram_id>.parquet`.
        target_folder: where the arrays and their index lie; made if absent.
        workers: number of threads.
        progress: called after each file.

    Returns:
        Conversions (spectrogram_id, columns, nan_share, digest) and failures (spectrogram_id, file, reason),
        each ordered by spectrogram_id.

    Raises:
        HbacError: two sources have one id, or an array cannot be written; what was converted before is kept.
    """
    sources = list(sources)
    _require_distinct_ids(sources)
    index = _Index(target_folder)
    conversions: dict[int, dict[str, Any]] = {}
    failures: dict[int, dict[str, Any]] = {}
    with ThreadPoolExecutor(workers) as pool:
        futures = {pool.submit(index.convert, source): source for source in sources}
        try:
            for done, future in enumerate(as_completed(futures), start=1):
                source = futures[future]
                try:
                    conversions[int(source.stem)] = asdict(future.result())
                except SpectrogramError as error:
                    failures[int(source.stem)] = {"file": str(source), "reason": str(error)}
                index.write_now_and_then()
                progress(done, len(futures))
        finally:
            pool.shutdown(cancel_futures=True)
            index.write()
    return _frame(conversions, ["columns", "nan_share", "digest"]), _frame(failures, ["file", "reason"])


class _Index:
    """What is known of each array: its conversion, and the state of source and target right after it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._entries = _read_entries(folder / INDEX)
        self._written = monotonic()

    def convert(self, source: Path) -> Conversion:
        """Return the known conversion if source and target are as they were, and convert anew otherwise."""
        target = self._folder / f"{int(source.stem)}.npy"
        known = self._entries.get(target.name)
        if known and known["source"] == _state(source) and known["target"] == _state(target):
            return Conversion(**known["conversion"])
        before = _state(source)
        conversion = convert_spectrogram(source, target)
        entry = {"source": before, "target": _state(target), "conversion": asdict(conversion)}
        self._entries[target.name] = entry
        return conversion

    def write_now_and_then(self) -> None:
        if monotonic() - self._written > INDEX_EVERY_SECONDS:
            self.write()

    def write(self) -> None:
        write_json(self._folder / INDEX, {"version": VERSION, "arrays": self._entries.copy()})
        self._written = monotonic()


def _read_entries(path: Path) -> dict[str, Any]:
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
        return dict(index["arrays"]) if index["version"] == VERSION else {}
    except (OSError, ValueError, KeyError, TypeError):  # absent or damaged: convert everything
        return {}


def _state(path: Path) -> list[int] | None:
    """Return size and time of last change, or None if there is no such file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns]


def _require_distinct_ids(sources: list[Path]) -> None:
    first: dict[int, Path] = {}
    for source in sources:
        other = first.setdefault(int(source.stem), source)
        if other is not source:
            raise fault(source, "an id that no other spectrogram has", other, "rename one of the two")


def _frame(rows: dict[int, dict[str, Any]], columns: list[str]) -> pd.DataFrame:
    frame = pd.DataFrame.from_dict(dict(sorted(rows.items())), orient="index", columns=columns)
    return frame.rename_axis("spectrogram_id").reset_index()
