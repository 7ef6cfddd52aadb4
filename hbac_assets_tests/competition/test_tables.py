"""What the tables accept, and the one line with which they refuse."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from hbac_assets.competition.tables import (
    TRAIN_COLUMNS,
    read_sample_submission,
    read_tables,
    read_test,
    read_train,
)
from hbac_assets.errors import HbacError

Spoil = Callable[[pd.DataFrame], pd.DataFrame]


def cell(row: int, column: str, value: str | float) -> Spoil:
    """Return a change of one cell; the row is counted from 1, as messages count."""

    def spoil(frame: pd.DataFrame) -> pd.DataFrame:
        changed = frame.astype({column: object})
        changed.loc[row - 1, column] = value
        return changed

    return spoil


def cells(row: int, **values: str | float) -> Spoil:
    def spoil(frame: pd.DataFrame) -> pd.DataFrame:
        for column, value in values.items():
            frame = cell(row, column, value)(frame)
        return frame

    return spoil


NO_VOTES = dict.fromkeys([name for name in TRAIN_COLUMNS if name.endswith("_vote")], 0)

BAD_TRAIN = {
    "column missing": (lambda t: t.drop(columns="lpd_vote"), ["column lpd_vote", "0 times"]),
    "column extra": (lambda t: t.assign(age=3), ["column age", "remove it"]),
    "column twice": (lambda t: pd.concat([t, t[["eeg_id"]]], axis=1), ["column eeg_id", "2 times"]),
    "no rows": (lambda t: t.head(0), ["at least one row", "none below the header"]),
    "id fractional": (cell(2, "eeg_id", 1.5), ["row 2, column eeg_id", "whole number", "'1.5'"]),
    "id negative": (cell(2, "patient_id", -4), ["row 2, column patient_id", "'-4'"]),
    "id empty": (cell(3, "label_id", ""), ["row 3, column label_id", "''"]),
    "id too long": (cell(3, "label_id", "9" * 30), ["row 3, column label_id"]),
    "vote negative": (cell(5, "gpd_vote", -1), ["row 5, column gpd_vote", "whole number of votes", "'-1'"]),
    "vote fractional": (cell(5, "gpd_vote", 0.5), ["row 5, column gpd_vote", "'0.5'"]),
    "vote a word": (cell(5, "gpd_vote", "two"), ["row 5, column gpd_vote", "'two'"]),
    "votes all zero": (cells(7, **NO_VOTES), ["row 7", "at least one vote", "none"]),
    "offset odd": (cell(4, "eeg_label_offset_seconds", 3.0), ["row 4, column eeg_label_offset_seconds"]),
    "offset negative": (cell(4, "spectrogram_label_offset_seconds", -2.0), ["row 4", "'-2.0'"]),
    "offset fractional": (cell(4, "spectrogram_label_offset_seconds", 2.4), ["row 4", "'2.4'"]),
    "class unknown": (cell(1, "expert_consensus", "LDP"), ["row 1, column expert_consensus", "'LDP'"]),
    "class in capitals": (cell(1, "expert_consensus", "SEIZURE"), ["row 1", "'SEIZURE'"]),
    "consensus without most votes": (
        cell(1, "expert_consensus", "LPD"),
        ["row 1, column expert_consensus", "most votes", "LPD with the votes Seizure 3, LPD 1"],
    ),
    "label_id twice": (cell(9, "label_id", 9000), ["row 9, column label_id", "9000 already in row 1"]),
    "sub id twice": (cell(2, "eeg_sub_id", 0), ["row 2, column eeg_id and eeg_sub_id", "100, 0", "row 1"]),
    "EEG of two patients": (cell(6, "patient_id", 7000), ["row 6, column patient_id", "eeg_id 101"]),
    "spectrogram of two patients": (
        cell(6, "spectrogram_id", 500),
        ["row 6", "patient 7000", "spectrogram_id 500"],
    ),
}


@pytest.mark.parametrize("case", BAD_TRAIN)
def test_bad_train_is_named_in_one_line(case: str, tmp_path: Path, train: pd.DataFrame) -> None:
    spoil, expected = BAD_TRAIN[case]
    path = tmp_path / "train.csv"
    spoil(train).to_csv(path, index=False)
    with pytest.raises(HbacError) as error:
        read_train(path)
    message = str(error.value)
    assert "\n" not in message
    for fragment in [str(path), "expected", "found", *expected]:
        assert fragment in message


BAD_FILES = {
    "empty": (b"", ["comma-separated table", "Empty CSV"]),
    "binary": (bytes(range(256)), ["comma-separated table", "codec can't decode"]),
    "UTF-16": ("eeg_id,patient_id\n1,2\n".encode("utf-16"), ["expected"]),
    "semicolons": (b"eeg_id;spectrogram_id;patient_id\n1;2;3\n", ["separated by commas", "eeg_id;spec"]),
    "tabs": (b"eeg_id\tspectrogram_id\tpatient_id\n1\t2\t3\n", ["separated by commas"]),
    "short row": (b"eeg_id,spectrogram_id,patient_id\n1,2,3\n4,5\n", ["row 2", "3 fields", "found 2"]),
    "long row": (b"eeg_id,spectrogram_id,patient_id\n1,2,3,4\n", ["row 1", "3 fields", "found 4"]),
    "EEG twice": (b"eeg_id,spectrogram_id,patient_id\n1,2,3\n1,5,6\n", ["row 2, column eeg_id", "row 1"]),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_file_is_named_in_one_line(case: str, tmp_path: Path) -> None:
    content, expected = BAD_FILES[case]
    path = tmp_path / "test.csv"
    path.write_bytes(content)
    with pytest.raises(HbacError) as error:
        read_test(path)
    message = str(error.value)
    assert "\n" not in message
    for fragment in [str(path), *expected]:
        assert fragment in message


def test_missing_file_and_folder_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "train.csv").mkdir()
    for name in ("train.csv", "absent.csv"):
        with pytest.raises(HbacError, match=rf"{name}: expected a file, found none; .*HBAC_DATA_DIR"):
            read_train(tmp_path / name)


def test_order_of_columns_and_byte_order_mark_do_not_matter(tmp_path: Path, train: pd.DataFrame) -> None:
    plain, other = tmp_path / "plain.csv", tmp_path / "other.csv"
    train.to_csv(plain, index=False)
    train[train.columns[::-1]].to_csv(other, index=False, encoding="utf-8-sig", lineterminator="\r\n")
    pd.testing.assert_frame_equal(read_train(plain), read_train(other))
    assert list(read_train(other).columns) == list(TRAIN_COLUMNS)


def test_values_survive(tmp_path: Path, train: pd.DataFrame) -> None:
    train.to_csv(tmp_path / "train.csv", index=False)
    offsets = [name for name in TRAIN_COLUMNS if name.endswith("seconds")]
    pd.testing.assert_frame_equal(
        read_train(tmp_path / "train.csv"), train.astype(dict.fromkeys(offsets, "int64")), check_dtype=False
    )


def test_figures_of_the_competition_are_no_rules(tmp_path: Path, train: pd.DataFrame) -> None:
    """Eight votes, forty votes and one patient are no faults of a table."""
    one = cells(1, seizure_vote=8, lpd_vote=0)(cells(2, seizure_vote=40)(train.head(3)))
    one.to_csv(tmp_path / "train.csv", index=False)
    assert read_train(tmp_path / "train.csv")["seizure_vote"].tolist() == [8, 40, 3]


def test_tie_leaves_either_consensus(tmp_path: Path, train: pd.DataFrame) -> None:
    tie = cells(1, lpd_vote=3, expert_consensus="LPD")(train)
    tie.to_csv(tmp_path / "train.csv", index=False)
    assert read_train(tmp_path / "train.csv")["expert_consensus"][0] == "LPD"


def test_tables_together(kaggle_folder: Path) -> None:
    tables = read_tables(kaggle_folder)
    assert tables.test["eeg_id"].tolist() == tables.sample_submission["eeg_id"].tolist() == [41, 40]

    sample = pd.read_csv(kaggle_folder / "sample_submission.csv")
    sample.head(1).to_csv(kaggle_folder / "sample_submission.csv", index=False)
    with pytest.raises(HbacError, match=r"submission\.csv, column eeg_id: .* test\.csv, found 1 .* 40"):
        read_tables(kaggle_folder)


@pytest.mark.parametrize("value", [-0.1, 1.5, "nan", ""])
def test_sample_submission_holds_shares(kaggle_folder: Path, value: str | float) -> None:
    path = kaggle_folder / "sample_submission.csv"
    cell(2, "lrda_vote", value)(pd.read_csv(path)).to_csv(path, index=False)
    with pytest.raises(HbacError, match=r"row 2, column lrda_vote: expected a number from 0 to 1"):
        read_sample_submission(path)
