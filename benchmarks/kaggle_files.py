"""Parquet files of noise, with the length, size and decoding time of the competition's.

They replace the competition's files, which may not be redistributed. The decoding time depends on the numbers of
columns and rows, the encoding and the number of distinct values; these are like the competition's: one row group,
snappy, dictionaries, hundredths of a unit, pandas' metadata in the footer. Realistic recordings belong to
`hbac_assets.synthetic`.
"""

import os
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import pandas as pd

from hbac_assets.signals.montage import CHAINS, EEG_COLUMNS
from hbac_assets.signals.spectrogram_grid import FREQUENCIES, SPECTROGRAM_COLUMNS, column_seconds
from hbac_assets.store.files import atomic_write

SPECTROGRAM_ROWS = (300, 300, 310, 320, 360, 690)
"""Lengths, in turn: most of the competition's spectrograms are little longer than ten minutes. 0.5 to 0.7 MB each."""
EEG_ROWS = (10_000, 10_800, 12_400, 14_800, 18_000, 22_000)
"""Lengths, in turn: 50 s to 110 s. 0.9 to 1.8 MB each."""


def write_spectrograms(folder: Path, count: int) -> list[Path]:
    """Return `count` spectrograms in `folder`, `0.parquet` and so on, writing missing ones."""
    return _write_all(folder, count, SPECTROGRAM_ROWS, _spectrogram)


def write_eegs(folder: Path, count: int) -> list[Path]:
    """Return `count` EEGs in `folder`, `0.parquet` and so on, writing missing ones."""
    return _write_all(folder, count, EEG_ROWS, _eeg)


def link_as_many(paths: list[Path], folder: Path, count: int) -> list[Path]:
    """Return `count` links in `folder`, `0.parquet` and so on, to the files of `paths` in turn."""
    folder.mkdir(parents=True, exist_ok=True)
    links = [folder / f"{number}.parquet" for number in range(count)]
    for path, link in zip(cycle(paths), links, strict=False):
        if not link.exists():
            os.link(path, link)
    return links


def _write_all(
    folder: Path, count: int, lengths: tuple[int, ...], make: Callable[[np.random.Generator, int], pd.DataFrame]
) -> list[Path]:
    paths = [folder / f"{number}.parquet" for number in range(count)]
    for number, (path, rows) in enumerate(zip(paths, islice(cycle(lengths), count), strict=True)):
        if not path.exists():
            with atomic_write(path) as temporary:
                table = make(np.random.default_rng(number), rows)
                table.to_parquet(temporary, compression="snappy", index=False)
    return paths


def _spectrogram(rng: np.random.Generator, rows: int) -> pd.DataFrame:
    """Return noise whose power falls with the frequency as in the competition's files, in µV²/Hz."""
    from scipy.signal import lfilter

    level = 2.6 - 1.3 * np.log(np.tile(FREQUENCIES, len(CHAINS)) / FREQUENCIES[0]) + rng.normal(0, 0.5)
    course = 0.4 * lfilter([0.6], [1, -0.8], rng.standard_normal((rows, 1)), axis=0)
    power = np.exp(level + course + 0.5 * rng.standard_normal((rows, len(level))))
    table = pd.DataFrame(np.round(power, 2).astype(np.float32), columns=list(SPECTROGRAM_COLUMNS))
    table.insert(0, "time", column_seconds(rows))
    return table


def _eeg(rng: np.random.Generator, rows: int) -> pd.DataFrame:
    """Return red noise with a standard deviation of 40 µV and an offset for each electrode."""
    from scipy.signal import lfilter

    steps = rng.normal(0, 10, (rows, len(EEG_COLUMNS)))
    voltage = lfilter([1], [1, -0.97], steps, axis=0) + rng.normal(0, 50, len(EEG_COLUMNS))
    return pd.DataFrame(np.round(voltage, 2).astype(np.float32), columns=list(EEG_COLUMNS))
