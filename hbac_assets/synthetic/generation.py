"""Writing a data set in the competition's layout, in worker processes of one recording at a time.

    <folder>/train.csv  test.csv  sample_submission.csv
    <folder>/{train,test}_eegs/<eeg_id>.parquet
    <folder>/{train,test}_spectrograms/<spectrogram_id>.parquet
    <folder>/truth/{train,test}.parquet      not the competition's: see `truth`

The tables are written last, so a folder with a sample_submission.csv is complete.
"""

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from hbac_assets.errors import HbacError
from hbac_assets.execution.processes import end_with_parent
from hbac_assets.signals.montage import EEG_COLUMNS, EEG_RATE
from hbac_assets.signals.multitaper import multitaper_spectrogram
from hbac_assets.signals.spectrogram_grid import SECONDS_PER_COLUMN, SPECTROGRAM_COLUMNS, column_seconds
from hbac_assets.store.files import FullDiskError, atomic_write, with_remaining
from hbac_assets.synthetic.recordings import Recording, plan, spectrogram_files
from hbac_assets.synthetic.rendering import render
from hbac_assets.synthetic.settings import SyntheticSettings
from hbac_assets.synthetic.tables import sample_submission, test_table, train_table, truth_table
from hbac_assets.synthetic.truth import truth_path

SAMPLES_PER_COLUMN = SECONDS_PER_COLUMN * EEG_RATE
POWER_DECIMALS = 2
"""The competition's files round power to hundredths of µV²/Hz, so that very small power is 0."""


def generate(settings: SyntheticSettings, folder: Path, workers: int, progress: Callable[[int, int], None]) -> None:
    """Write the data set of the settings into a folder, keeping existing recordings.

    The bytes depend on the settings alone, not on the number of workers.

    Args:
        settings: seed and size.
        folder: created if absent.
        workers: number of parallel processes.
        progress: called after each recording, with the number done and the total.

    Raises:
        HbacError: the folder cannot be written, the disk is full, or a worker was killed.
    """
    recordings = plan(settings)
    files = spectrogram_files(recordings)
    missing = [appended for appended in files if not all(path.exists() for path in _paths(folder, appended))]
    done = len(files) - len(missing)
    progress(done, len(files))
    try:
        for _ in _write_all(missing, folder, workers):
            done += 1
            progress(done, len(files))
    except FullDiskError as error:
        raise with_remaining(error, folder.rglob("*.parquet"), done, len(files) - done) from None
    except BrokenProcessPool as error:
        raise HbacError(
            f"synthetic data: a process that writes recordings ended abruptly after {done} of {len(files)}, by a "
            "crash, by somebody, or by the system when memory ran out; the same command goes on from here"
        ) from error
    _write_tables(recordings, folder)


def _write_all(files: list[list[Recording]], folder: Path, workers: int) -> Iterator[None]:
    write = partial(_write_file, folder=folder)
    if workers == 1 or len(files) < 2:
        yield from map(write, files)
        return
    # Spawned, not forked: the caller may have threads or a device.
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=end_with_parent)
    try:
        for future in as_completed([pool.submit(write, appended) for appended in files]):
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _write_file(appended: list[Recording], folder: Path) -> None:
    """Write the EEGs and the spectrogram of consecutive recordings in one file, rendered one at a time."""
    spectrogram_path, *eeg_paths = _paths(folder, appended)
    remaining_paths, power = iter(eeg_paths), []
    half_column = np.empty((0, len(EEG_COLUMNS)), np.float32)
    for recording in appended:
        eeg = render(recording)
        for excerpt in recording.excerpts:
            samples = eeg[excerpt.start * EEG_RATE :][: excerpt.seconds * EEG_RATE]
            _write_columns(next(remaining_paths), dict(zip(EEG_COLUMNS, samples.T, strict=True)))
        # A recording of an odd number of seconds ends within a column, which the next one completes.
        eeg = np.concatenate([half_column, eeg])
        half_column = eeg[len(eeg) // SAMPLES_PER_COLUMN * SAMPLES_PER_COLUMN :]
        power.append(np.round(multitaper_spectrogram(eeg), POWER_DECIMALS))
    whole = np.concatenate(power, axis=1)
    time = column_seconds(whole.shape[1]).astype(np.int64 if appended[0].split == "train" else np.int16)
    _write_columns(spectrogram_path, {"time": time, **dict(zip(SPECTROGRAM_COLUMNS, whole, strict=True))})


def _paths(folder: Path, appended: list[Recording]) -> list[Path]:
    """Return the file of the spectrogram, then those of the excerpts."""
    split = appended[0].split
    spectrogram = folder / f"{split}_spectrograms" / f"{appended[0].spectrogram_id}.parquet"
    excerpts = [excerpt for recording in appended for excerpt in recording.excerpts]
    return [spectrogram, *(folder / f"{split}_eegs" / f"{excerpt.eeg_id}.parquet" for excerpt in excerpts)]


def _write_tables(recordings: list[Recording], folder: Path) -> None:
    train = [recording for recording in recordings if recording.split == "train"]
    test = [recording for recording in recordings if recording.split == "test"]
    _write_truth(truth_path(folder, "train"), truth_table(train))
    _write_truth(truth_path(folder, "test"), truth_table(test))
    tables = {
        "train.csv": train_table(train),
        "test.csv": test_table(test),
        "sample_submission.csv": sample_submission(test_table(test)),
    }
    for name, table in tables.items():
        with atomic_write(folder / name) as temporary:
            table.to_csv(temporary, index=False)


def _write_truth(path: Path, table: pd.DataFrame) -> None:
    with atomic_write(path) as temporary:
        table.to_parquet(temporary, engine="pyarrow", compression="snappy", index=False)


def _write_columns(path: Path, columns: dict[str, np.ndarray]) -> None:
    """Write columns as parquet, NaN as null; pandas' conversion of 400 columns would take longer than writing."""
    import pyarrow as pa
    from pyarrow import parquet

    table = pa.table({name: pa.array(values, from_pandas=True) for name, values in columns.items()})
    with atomic_write(path) as temporary:
        parquet.write_table(table, temporary, compression="snappy")
