"""Labelled windows, from a folder in Kaggle's layout, as inputs of a network."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from hbac_assets.competition.eeg_file import read_eeg
from hbac_assets.competition.spectrogram_file import read_spectrogram
from hbac_assets.competition.windows import LEAST, eeg_window, spectrogram_window
from hbac_assets.learning.settings import Preprocessing
from hbac_assets.signals.window import Window

COLUMNS = {"spectrogram": "spectrogram_id", "eeg": "eeg_id"}


def labelled_windows(folder: Path, recipe: Preprocessing, most: int) -> np.ndarray:
    """Return inputs float16 (N, ...) of evenly spaced rows of train.csv with existing recordings.

    Args:
        folder: a folder in Kaggle's layout.
        recipe: the recipe of the input.
        most: the largest number of rows.
    """
    table = pd.read_csv(folder / "train.csv")
    there = [
        {int(path.stem) for path in (folder / f"train_{name}s").glob("*.parquet")}.__contains__
        for name in recipe.kind.reads
    ]
    columns = [COLUMNS[name] for name in recipe.kind.reads]
    rows = table[np.all([table[column].map(known) for column, known in zip(columns, there, strict=True)], axis=0)]
    chosen = rows.iloc[np.linspace(0, len(rows) - 1, min(most, len(rows)), dtype=int)]
    spectrogram, eeg = lru_cache(8)(read_spectrogram), lru_cache(8)(read_eeg)
    inputs = []
    for row in chosen.to_dict("records"):
        found: dict[str, np.ndarray | None] = {}
        if "spectrogram" in recipe.kind.reads:
            power = spectrogram(folder / "train_spectrograms" / f"{row['spectrogram_id']}.parquet", LEAST)
            found["spectrogram"] = spectrogram_window(power, int(row["spectrogram_label_offset_seconds"]))
        if "eeg" in recipe.kind.reads:
            samples = eeg(folder / "train_eegs" / f"{row['eeg_id']}.parquet", LEAST)
            found["eeg"] = eeg_window(samples, int(row["eeg_label_offset_seconds"]))
        inputs.append(recipe.kind.of_window(Window(found.get("eeg"), found.get("spectrogram")), recipe))
    return np.stack([one for one in inputs if one is not None])
