"""Conversion of the recordings' parquet files to npy arrays: in parallel; resumable; skips unreadable files.

The conversion of one file belongs to `arrays`. The folder of the arrays holds an index: a target is kept if it was made
from the present source by the same version, and is unchanged; everything else is converted again.
"""

import json
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import pandas as pd
from threadpoolctl import threadpool_limits

from hbac_assets.competition.parquet_file import RecordingError
from hbac_assets.store.files import FullDiskError, has_digest, with_remaining, write_json

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

INDEX = "index.json"

INDEX_EVERY_SECONDS = 5.0

WORKERS = (os.cpu_count() or 1) + 1
"""Number of threads: one more than cores, since one often waits for the disk."""

Facts = TypeVar("Facts", bound="DataclassInstance")

Progress = Callable[[int, int], None]
"""Called with the number of files done and the number of all."""


@dataclass(frozen=True)
class Converter(Generic[Facts]):
    """The conversion of one kind of recording.

    Attributes:
        id_column: the name of the id in file names, such as `spectrogram_id`.
        facts: the dataclass of an array's facts, including its SHA-256 as `digest`.
        convert: writes the array of a source to a target; raises RecordingError if the source is invalid.
        version: changes when the same source would give another array.
    """

    id_column: str
    facts: type[Facts]
    convert: Callable[[Path, Path], Facts]
    version: str


def convert_all(
    sources: Iterable[Path],
    target_folder: Path,
    converter: Converter[Facts],
    workers: int = WORKERS,
    progress: Progress = lambda done, total: None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Convert each source to `target_folder/<id>.npy`; arrays that are up to date are kept.

    Threads suffice: decoding, mathematics, hashing and writing release the GIL. BLAS gets one thread in each, which
    avoids contention and makes results independent of their number.

    Args:
        sources: files named `<id>.parquet`, each id once.
        target_folder: of the arrays and their index; created if absent.
        converter: of the recordings.
        workers: number of threads.
        progress: called after each file.

    Returns:
        Conversions (id and facts) and failures (id, file, reason), each ordered by id.

    Raises:
        HbacError: an array cannot be written; arrays converted before are kept.
    """
    sources = list(sources)
    index = _Index(target_folder, converter)
    conversions: dict[str, dict[str, Any]] = {}
    failures: dict[str, dict[str, Any]] = {}
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(workers) as pool:
        futures = {pool.submit(index.convert, source): source for source in sources}
        try:
            for done, future in enumerate(as_completed(futures), start=1):
                source = futures[future]
                try:
                    index.write_now_and_then()
                    conversions[source.stem] = asdict(future.result())
                except RecordingError as error:
                    failures[source.stem] = {"file": str(source), "reason": str(error)}
                except FullDiskError as error:
                    files = [target_folder / f"{name}.npy" for name in conversions]
                    raise with_remaining(error, files, len(files), len(futures) - done + 1) from None
                progress(done, len(futures))
        finally:
            pool.shutdown(cancel_futures=True)
            with suppress(FullDiskError):  # arrays that the index lacks are converted again
                index.write()
    facts = [field.name for field in fields(converter.facts)]
    return _frame(converter.id_column, conversions, facts), _frame(converter.id_column, failures, ["file", "reason"])


class _Index(Generic[Facts]):
    """The facts of each array, its state, and that of its source right before the conversion."""

    def __init__(self, folder: Path, converter: Converter[Facts]) -> None:
        self._folder = folder
        self._converter = converter
        self._entries = _read_entries(folder / INDEX, converter.version)
        self._written = monotonic()

    def convert(self, source: Path) -> Facts:
        """Return the recorded facts if source and target are unchanged, otherwise convert again.

        Unchanged means size and times; whoever uses an array compares its digest. If a target's times differ, as after
        copying, the digest decides.
        """
        target = self._folder / f"{source.stem}.npy"
        before, known = _state(source), self._entries.get(target.name)
        if known and known["source"] == before:
            there = _own_state(target)
            if there == known.get("target") or has_digest(target, known["facts"]["digest"]):
                known["target"] = there
                return self._converter.facts(**known["facts"])
        facts = self._converter.convert(source, target)
        self._entries[target.name] = {"source": before, "target": _own_state(target), "facts": asdict(facts)}
        return facts

    def write_now_and_then(self) -> None:
        if monotonic() - self._written > INDEX_EVERY_SECONDS:
            self.write()

    def write(self) -> None:
        write_json(self._folder / INDEX, {"version": self._converter.version, "arrays": self._entries.copy()})
        self._written = monotonic()


def _read_entries(path: Path, version: str) -> dict[str, Any]:
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
        return dict(index["arrays"]) if index["version"] == version else {}
    except (OSError, ValueError, KeyError, TypeError):  # absent or damaged: convert everything
        return {}


def _state(path: Path) -> list[int] | None:
    """Return size and modification time, or None if there is no such file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns]


def _own_state(path: Path) -> list[int] | None:
    """Return the state of a file that only this project writes, including ctime, which no program can set."""
    state = _state(path)
    return state and [*state, path.stat().st_ctime_ns]


def _frame(id_column: str, rows: dict[str, dict[str, Any]], columns: list[str]) -> pd.DataFrame:
    names = pd.Series(list(rows), dtype="str")
    frame = pd.DataFrame(list(rows.values()), columns=columns)
    frame.insert(0, id_column, names.astype("int64") if names.str.fullmatch("-?[0-9]+").all() else names)
    return frame.sort_values(id_column, ignore_index=True)
