"""A recording whose electrodes all differ, and its images, through the files and readers that all images come from."""

from pathlib import Path

import numpy as np
import pandas as pd

from hbac_assets.competition.arrays import convert_eeg, convert_spectrogram
from hbac_assets.learning.image_source import read_all
from hbac_assets.learning.inputs.kind import Arrays, Source
from hbac_assets.learning.settings import Preprocessing
from hbac_assets.signals.montage import EEG_COLUMNS, EEG_RATE, mirrored
from hbac_assets.signals.spectrogram_grid import SPECTROGRAM_COLUMNS, column_seconds

OFFSETS = (0, 4)
"""Seconds at which the two labelled windows of each recording begin."""
OTHER_CHAIN = {"LL": "RL", "RL": "LL", "LP": "RP", "RP": "LP"}


def eeg_table(seconds: int = 60) -> pd.DataFrame:
    """An EEG in µV: noise of another loudness at each electrode, and a rhythm of another frequency and beginning."""
    random = np.random.default_rng(0)
    time = np.arange(seconds * EEG_RATE)[:, None] / EEG_RATE
    electrodes = np.arange(len(EEG_COLUMNS))
    rhythms = 40 * np.sin(2 * np.pi * (2 + 0.8 * electrodes) * time) * (time > 5 + electrodes)
    noise = random.normal(0, 1 + electrodes, rhythms.shape)
    return pd.DataFrame((rhythms + noise).astype(np.float32), columns=list(EEG_COLUMNS))


def spectrogram_table(columns: int = 320) -> pd.DataFrame:
    """Kaggle's spectrogram, every value another."""
    power = np.random.default_rng(1).lognormal(size=(columns, len(SPECTROGRAM_COLUMNS))).astype(np.float32)
    table = pd.DataFrame(power, columns=list(SPECTROGRAM_COLUMNS))
    table.insert(0, "time", column_seconds(columns))
    return table


def exchanged(table: pd.DataFrame) -> pd.DataFrame:
    """The table of a recording for which the electrodes of left and right have been exchanged."""

    def other(column: str) -> str:
        return OTHER_CHAIN[column[:2]] + column[2:] if column[:2] in OTHER_CHAIN else mirrored([column])[0]

    return table.rename(columns=other)[list(table.columns)]


def images_of(eeg: pd.DataFrame, spectrogram: pd.DataFrame, preprocessing: Preprocessing, folder: Path) -> np.ndarray:
    """The images (2, H, W) of both windows, made in `folder`."""
    folder.mkdir()
    eeg.to_parquet(folder / "1.parquet", index=False)
    spectrogram.to_parquet(folder / "2.parquet", index=False)
    rows = pd.DataFrame(
        {
            "eeg_id": 1,
            "eeg_label_offset_seconds": OFFSETS,
            "spectrogram_id": 2,
            "spectrogram_label_offset_seconds": OFFSETS,
        }
    )
    windows = pd.DataFrame({"eeg_id": 1, "offset_seconds": OFFSETS, "position": range(len(OFFSETS))})
    stored: dict[Source, Arrays] = {}
    for number, source in enumerate(preprocessing.kind.sources(preprocessing)):
        arrays = folder / str(number)
        if source is None:
            convert_spectrogram(folder / "2.parquet", arrays / "2.npy")
            stored[source] = Arrays(arrays, rows)
        else:
            convert_eeg(folder / "1.parquet", arrays / "1.npy", source, OFFSETS)
            stored[source] = Arrays(arrays, windows)
    read = preprocessing.kind.reader(rows, stored, preprocessing)
    return read_all(read, len(rows), preprocessing.kind.shape(preprocessing))
