"""Small valid tables and files in Kaggle's layout, for tests to damage."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hbac_assets.labels import CLASSES, VOTE_COLUMNS
from hbac_assets.signals.montage import EEG_COLUMNS
from hbac_assets.signals.spectrogram_grid import SPECTROGRAM_COLUMNS, column_seconds


@pytest.fixture
def train() -> pd.DataFrame:
    """Twelve patients with an EEG, a spectrogram and three rows each; classes in turn, with some dissent."""
    number = np.arange(36)
    patient, sub_id = np.divmod(number, 3)
    votes = np.zeros((len(number), len(CLASSES)), dtype=int)
    votes[number, patient % 6] = 3
    votes[number, (patient + 1) % 6] = 1
    return pd.DataFrame(
        {
            "eeg_id": 100 + patient,
            "eeg_sub_id": sub_id,
            "eeg_label_offset_seconds": 4.0 * sub_id,
            "spectrogram_id": 500 + patient,
            "spectrogram_sub_id": sub_id,
            "spectrogram_label_offset_seconds": 4.0 * sub_id,
            "label_id": 9000 + number,
            "patient_id": 7000 + patient,
            "expert_consensus": np.array(CLASSES)[patient % 6],
            **dict(zip(VOTE_COLUMNS, votes.T, strict=True)),
        }
    )


@pytest.fixture
def spectrogram() -> pd.DataFrame:
    """320 rows of a spectrogram file: time and the 400 columns of the grid."""
    power = np.random.default_rng(0).lognormal(size=(320, 400)).astype(np.float32)
    table = pd.DataFrame(power, columns=list(SPECTROGRAM_COLUMNS))
    table.insert(0, "time", column_seconds(320))
    return table


@pytest.fixture
def eeg() -> pd.DataFrame:
    """60 s of an EEG file: 20 columns in µV."""
    samples = np.random.default_rng(0).normal(0, 40, (12_000, 20)).astype(np.float32)
    return pd.DataFrame(samples, columns=list(EEG_COLUMNS))


@pytest.fixture
def kaggle_folder(tmp_path: Path, train: pd.DataFrame, spectrogram: pd.DataFrame) -> Path:
    """The three tables and one training spectrogram."""
    folder = tmp_path / "kaggle"
    (folder / "train_spectrograms").mkdir(parents=True)
    (folder / "test_spectrograms").mkdir()
    train.to_csv(folder / "train.csv", index=False)
    test = pd.DataFrame({"spectrogram_id": [31, 30], "eeg_id": [41, 40], "patient_id": [1, 2]})
    test.to_csv(folder / "test.csv", index=False)
    test[["eeg_id"]].assign(**dict.fromkeys(VOTE_COLUMNS, 1 / 6)).to_csv(folder / "sample_submission.csv", index=False)
    spectrogram.to_parquet(folder / "train_spectrograms" / "500.parquet")
    return folder
