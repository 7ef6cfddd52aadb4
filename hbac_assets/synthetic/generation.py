"""Writing a data set in the competition's layout: one process for each worker, one recording at a time.

    <folder>/train.csv  test.csv  sample_submission.csv
    <folder>/{train,test}_eegs/<eeg_id>.parquet
    <folder>/{train,test}_spectrograms/<spectrogram_id>.parquet
    <folder>/truth/{train,test}.parquet      not the competition's: see `truth`

The tables are written last, so a folder with a sample_submission.csv is whole.
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
from hbac_assets.signals.spectrogram_grid import SPECTROGRAM_COLUMNS, column_seconds
from hbac_assets.store.files import FullDiskError, atomic_write, with_remaining
from hbac_assets.synthetic.recordings import Recording, plan
from hbac_assets.synthetic.rendering import render
from hbac_assets.synthetic.settings import SyntheticSettings
from hbac_assets.synthetic.tables import sample_submission, test_table, train_table, truth_table
from hbac_assets.synthetic.truth import truth_path

POWER_DECIMALS = 2
"""The competition's files give power in hundredths of µV²/Hz, so that very small power is 0."""


def generate(settings: SyntheticSettings, folder: Path, workers: int, progress: Callable[[int, int], None]) -> None:
    """Write the data set of the settings into a folder; recordings whose files are there already are kept.

    The bytes depend on the settings alone, not on the number of workers.

    Args:
        settings: seed and size.
        folder: made if it is absent.
        workers: processes that render side by side.
        progress: called with the recordings done and all recordings, after each.

    Raises:
        HbacError: the folder cannot be written, the disk is full, or a worker was killed.
    """
    recordings = plan(settings)
    missing = [recording for recording in recordings if not all(path.exists() for path in _paths(folder, recording))]
    done = len(recordings) - len(missing)
    progress(done, len(recordings))
    try:
        for _ in _write_all(missing, folder, workers):
            done += 1
            progress(done, len(recordings))
    except FullDiskError as error:
        raise with_remaining(error, folder.rglob("*.parquet"), done, len(recordings) - done) from None
    except BrokenProcessPool as error:
        raise HbacError(
            f"synthetic data: a process that writes recordings ended abruptly after {done} of {len(recordings)}, by a "
            "crash, by somebody, or by the system when memory ran out; the same command goes on from here"
        ) from error
    _write_tables(recordings, folder)


def _write_all(recordings: list[Recording], folder: Path, workers: int) -> Iterator[None]:
    write = partial(_write_recording, folder=folder)
    if workers == 1 or len(recordings) < 2:
        yield from map(write, recordings)
        return
    # Spawned, not forked: the caller may have threads or a device.
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=end_with_parent)
    try:
        for future in as_completed([pool.submit(write, recording) for recording in recordings]):
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _write_recording(recording: Recording, folder: Path) -> None:
    eeg = render(recording)
    spectrogram_path, *eeg_paths = _paths(folder, recording)
    for excerpt, path in zip(recording.excerpts, eeg_paths, strict=True):
        samples = eeg[excerpt.start * EEG_RATE :][: excerpt.seconds * EEG_RATE]
        _write_parquet(path, pd.DataFrame(samples, columns=EEG_COLUMNS))
    power = np.round(multitaper_spectrogram(eeg), POWER_DECIMALS)
    table = pd.DataFrame(power.T, columns=SPECTROGRAM_COLUMNS)
    time = column_seconds(len(table)).astype(np.int64 if recording.split == "train" else np.int16)
    table.insert(0, "time", time)
    _write_parquet(spectrogram_path, table)


def _paths(folder: Path, recording: Recording) -> list[Path]:
    """Return the file of the spectrogram, then those of the excerpts."""
    spectrogram = folder / f"{recording.split}_spectrograms" / f"{recording.spectrogram_id}.parquet"
    eegs = [folder / f"{recording.split}_eegs" / f"{excerpt.eeg_id}.parquet" for excerpt in recording.excerpts]
    return [spectrogram, *eegs]


def _write_tables(recordings: list[Recording], folder: Path) -> None:
    train = [recording for recording in recordings if recording.split == "train"]
    test = [recording for recording in recordings if recording.split == "test"]
    _write_parquet(truth_path(folder, "train"), truth_table(train))
    _write_parquet(truth_path(folder, "test"), truth_table(test))
    tables = {
        "train.csv": train_table(train),
        "test.csv": test_table(test),
        "sample_submission.csv": sample_submission(test_table(test)),
    }
    for name, table in tables.items():
        with atomic_write(folder / name) as temporary:
            table.to_csv(temporary, index=False)


def _write_parquet(path: Path, table: pd.DataFrame) -> None:
    with atomic_write(path) as temporary:
        table.to_parquet(temporary, engine="pyarrow", compression="snappy", index=False)
