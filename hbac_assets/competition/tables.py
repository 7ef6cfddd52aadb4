"""Validated reading of train.csv, test.csv and sample_submission.csv.

What a table must hold is said here; how its cells are read and checked one by one, in `csv_file`. What follows
from the votes (shares, categories) belongs to `metadata`.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from hbac_assets.competition.csv_file import Kind, read_csv
from hbac_assets.competition.faults import fault
from hbac_assets.labels import CLASSES, VOTE_COLUMNS

# Fifteen digits are exact in float64, through which "6.0" becomes a whole number.
WHOLE = Kind(r"^[0-9]{1,15}$", "a whole number, 0 or more", "int64")
VOTES = Kind(r"^[0-9]{1,9}$", "a whole number of votes, 0 or more", "int64")
# Labels lie on the grid of the spectrograms, one column each 2 s.
OFFSET = Kind(r"^[0-9]{0,8}[02468](\.0*)?$", "an even number of seconds, 0 or more", "int64")
CLASS = Kind(f"^({'|'.join(CLASSES)})$", f"one of {', '.join(CLASSES)}", "str")
SHARE = Kind(r"^(0(\.[0-9]*)?|1(\.0*)?|[0-9](\.[0-9]+)?[eE]-[0-9]+)$", "a number from 0 to 1", "float64")

TRAIN_COLUMNS = {
    "eeg_id": WHOLE,
    "eeg_sub_id": WHOLE,
    "eeg_label_offset_seconds": OFFSET,
    "spectrogram_id": WHOLE,
    "spectrogram_sub_id": WHOLE,
    "spectrogram_label_offset_seconds": OFFSET,
    "label_id": WHOLE,
    "patient_id": WHOLE,
    "expert_consensus": CLASS,
    **dict.fromkeys(VOTE_COLUMNS, VOTES),
}
TEST_COLUMNS = {"spectrogram_id": WHOLE, "eeg_id": WHOLE, "patient_id": WHOLE}
SUBMISSION_COLUMNS = {"eeg_id": WHOLE, **dict.fromkeys(VOTE_COLUMNS, SHARE)}


@dataclass(frozen=True)
class Tables:
    """The three tables of the competition, each valid by itself and together."""

    train: pd.DataFrame
    test: pd.DataFrame
    sample_submission: pd.DataFrame


def read_tables(folder: Path) -> Tables:
    """Read the three tables of a folder in Kaggle's layout.

    Raises:
        HbacError: a table is missing or ill-formed, or sample_submission.csv has other ids than test.csv.
    """
    tables = Tables(
        read_train(folder / "train.csv"),
        read_test(folder / "test.csv"),
        read_sample_submission(folder / "sample_submission.csv"),
    )
    unlike = set(tables.sample_submission["eeg_id"]) ^ set(tables.test["eeg_id"])
    if unlike:
        raise fault(
            folder / "sample_submission.csv",
            "the eeg_ids of test.csv",
            f"{len(unlike)} in one of the two only, such as {min(unlike)}",
            "take both files from the same download",
            column="eeg_id",
        )
    return tables


def read_train(path: Path) -> pd.DataFrame:
    """Read train.csv: one row per label, columns in the competition's order, whole numbers as int64.

    Raises:
        HbacError: the file is missing or unreadable, a column or cell is ill-formed, an id is repeated, a row
            has no votes, a consensus is not a class with the most votes, or a recording belongs to two
            patients.
    """
    train = read_csv(path, TRAIN_COLUMNS)
    _require_unique(path, train, ["label_id"])
    _require_unique(path, train, ["eeg_id", "eeg_sub_id"])
    _require_one_patient(path, train, "eeg_id")
    _require_one_patient(path, train, "spectrogram_id")
    _require_consistent_votes(path, train)
    return train


def read_test(path: Path) -> pd.DataFrame:
    """Read test.csv: one row per EEG, with spectrogram_id, eeg_id and patient_id as int64.

    Raises:
        HbacError: the file is missing or unreadable, a column or cell is ill-formed, or an EEG is repeated.
    """
    test = read_csv(path, TEST_COLUMNS)
    _require_unique(path, test, ["eeg_id"])
    _require_one_patient(path, test, "spectrogram_id")
    return test


def read_sample_submission(path: Path) -> pd.DataFrame:
    """Read sample_submission.csv: eeg_id as int64 and six shares; its order is the order of a submission.

    Raises:
        HbacError: the file is missing or unreadable, a column or cell is ill-formed, or an EEG is repeated.
    """
    sample = read_csv(path, SUBMISSION_COLUMNS)
    _require_unique(path, sample, ["eeg_id"])
    return sample


def _require_unique(path: Path, frame: pd.DataFrame, columns: list[str]) -> None:
    repeated = frame.duplicated(columns).to_numpy()
    if repeated.any():
        row = int(np.argmax(repeated))
        values = frame.loc[row, columns]
        first = int(np.argmax((frame[columns] == values).all(axis=1).to_numpy()))
        found = f"{', '.join(str(value) for value in values)} already in row {first + 1}"
        raise fault(path, "no value twice", found, "remove one of the rows", row=row, column=" and ".join(columns))


def _require_one_patient(path: Path, frame: pd.DataFrame, recording: str) -> None:
    first = frame.groupby(recording)["patient_id"].transform("first")
    unlike = (frame["patient_id"] != first).to_numpy()
    if unlike.any():
        row = int(np.argmax(unlike))
        raise fault(
            path,
            f"patient {first[row]}, as in the other rows of {recording} {frame[recording][row]}",
            frame["patient_id"][row],
            row=row,
            column="patient_id",
        )


def _require_consistent_votes(path: Path, train: pd.DataFrame) -> None:
    votes = train[list(VOTE_COLUMNS)].to_numpy()
    empty = votes.sum(axis=1) == 0
    if empty.any():
        row = int(np.argmax(empty))
        raise fault(path, "at least one vote", "none", "remove the row", row=row, column=", ".join(VOTE_COLUMNS))
    consensus = np.array([CLASSES.index(name) for name in train["expert_consensus"]])
    contradicted = votes[np.arange(len(votes)), consensus] < votes.max(axis=1)
    if contradicted.any():
        row = int(np.argmax(contradicted))
        given = ", ".join(f"{name} {count}" for name, count in zip(CLASSES, votes[row], strict=True) if count)
        found = f"{train['expert_consensus'][row]} with the votes {given}"
        raise fault(path, "a class with the most votes", found, row=row, column="expert_consensus")
