"""Single rows to show: their selection and their recordings."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from hbac_assets.competition.eeg_file import read_eeg
from hbac_assets.competition.metadata import SHARE_COLUMNS
from hbac_assets.competition.parquet_file import RecordingError
from hbac_assets.competition.spectrogram_file import read_spectrogram
from hbac_assets.competition.windows import eeg_window
from hbac_assets.labels import CLASSES, PROBABILITY_COLUMNS
from hbac_assets.learning.inputs.kaggle import cut_window
from hbac_assets.lineage import Lineage
from hbac_assets.recordings.montage_plot import MARGIN_SECONDS
from hbac_assets.scoring.classes import majority
from hbac_assets.signals.montage import EEG_RATE, EEG_WINDOW, EEG_WINDOW_SECONDS, LABEL_SECONDS
from hbac_assets.signals.spectrogram_grid import SECONDS_PER_COLUMN, WINDOW_COLUMNS

LABEL_START = (EEG_WINDOW_SECONDS - LABEL_SECONDS) // 2
"""Seconds from the beginning of a window to its labelled part."""


@dataclass(frozen=True)
class Case:
    """A predicted row with its available recordings.

    Attributes:
        row: of the out-of-fold table, with the offsets of its windows.
        eeg: (samples, 19) in µV at 200 Hz, the labelled 10 s with `MARGIN_SECONDS` on either side; None without a file.
        missing: the reason why there is no EEG; empty if there is.
        power: (400, 300) in µV²/Hz, the ten minutes of the spectrogram.
    """

    row: pd.Series
    eeg: np.ndarray | None
    missing: str
    power: np.ndarray

    @property
    def eeg_start(self) -> int:
        """The second of the EEG at which the labelled part begins."""
        return int(self.row["eeg_label_offset_seconds"]) + LABEL_START


def most_certain_hits(rows: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return rows whose most probable class is the majority's, the most certain first, one per patient.

    Args:
        rows: predicted rows of one model.
        count: the maximum.
    """
    predictions = rows[list(PROBABILITY_COLUMNS)].to_numpy()
    right = predictions.argmax(axis=1) == majority(rows[list(SHARE_COLUMNS)].to_numpy())
    surest = rows.assign(certainty=predictions.max(axis=1))[right]
    return _first_of_patients(surest.sort_values("certainty", ascending=False, kind="stable"), count)


def worst_misses(rows: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return rows whose most probable class is not the majority's, the highest divergence first, one per patient.

    A row on which two classes tie for the most votes is a miss unless one of them is predicted.

    Args:
        rows: predicted rows of one model, with `kl`.
        count: the maximum.
    """
    shares = rows[list(SHARE_COLUMNS)].to_numpy()
    predicted = rows[list(PROBABILITY_COLUMNS)].to_numpy().argmax(axis=1)
    wrong = shares[np.arange(len(rows)), predicted] < shares.max(axis=1) - 1e-9
    return _first_of_patients(rows[wrong].sort_values("kl", ascending=False, kind="stable"), count)


def typical_rows(rows: pd.DataFrame, count: int) -> dict[str, pd.DataFrame]:
    """Return, for each class that occurs, the rows on which experts agree most, one per patient.

    Args:
        rows: of train.csv, enriched.
        count: the maximum per class.
    """
    found = {}
    for name, share in zip(CLASSES, SHARE_COLUMNS, strict=True):
        surest = rows[rows["expert_consensus"] == name].sort_values(
            [share, "vote_count", "label_id"], ascending=[False, False, True], kind="stable"
        )
        if len(surest):
            found[name] = _first_of_patients(surest, count)
    return found


def raw(folder: Path, row: pd.Series) -> Case:
    """Return a row of train.csv with its recordings, read from the competition's own files.

    Raises:
        RecordingError: its spectrogram cannot be read.
    """
    eeg, missing = _labelled_eeg(folder / "train_eegs" / f"{row['eeg_id']}.parquet", row)
    power = read_spectrogram(folder / "train_spectrograms" / f"{row['spectrogram_id']}.parquet")
    start = int(row["spectrogram_label_offset_seconds"]) // SECONDS_PER_COLUMN
    window = np.nan_to_num(power[:, start : start + WINDOW_COLUMNS])
    return Case(row, eeg, missing, np.pad(window, ((0, 0), (0, WINDOW_COLUMNS - window.shape[1]))))


def opened(lineage: Lineage, row: pd.Series) -> Case:
    """Return a row with its recordings.

    Raises:
        HbacError: its spectrogram is not in the store.
    """
    eeg, missing = _labelled_eeg(lineage.dataset.folder / "train_eegs" / f"{row['eeg_id']}.parquet", row)
    spectrogram = lineage.spectrogram_folder() / f"{row['spectrogram_id']}.npy"
    power = cut_window(spectrogram, float(row["spectrogram_label_offset_seconds"]))
    return Case(row, eeg, missing, power)


def _labelled_eeg(file: Path, row: pd.Series) -> tuple[np.ndarray | None, str]:
    if not file.is_file():
        return None, f"there is no file {file.parent.name}/{file.name}"
    try:
        window = eeg_window(read_eeg(file, least_samples=1), int(row["eeg_label_offset_seconds"]))
    except RecordingError:
        return None, f"{file.parent.name}/{file.name} cannot be read"
    whole = np.pad(window, ((0, EEG_WINDOW - len(window)), (0, 0)), constant_values=np.nan)
    first, after = LABEL_START - MARGIN_SECONDS, LABEL_START + LABEL_SECONDS + MARGIN_SECONDS
    return whole[first * EEG_RATE : after * EEG_RATE], ""


def _first_of_patients(rows: pd.DataFrame, count: int) -> pd.DataFrame:
    return rows.drop_duplicates("patient_id").head(count)
