"""Rows and tables that are accepted, set aside and refused; `faults/test_tables` materializes each outcome."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hbac_assets.competition.tables import MIDDLE, TRAIN_COLUMNS, TrainTable, read_test_tables, read_train
from hbac_assets.errors import HbacError
from hbac_assets_tests.projects import rehearsal_table

Spoil = Callable[[pd.DataFrame], pd.DataFrame]
NO_VOTES = dict.fromkeys([name for name in TRAIN_COLUMNS if name.endswith("_vote")], 0)


def cells(row: int, **values: str | float) -> Spoil:
    """Return a change of cells of one row, which is counted from 1, as messages count."""

    def spoil(frame: pd.DataFrame) -> pd.DataFrame:
        changed = frame.astype(dict.fromkeys(values, object))
        for column, value in values.items():
            changed.loc[row - 1, column] = value
        return changed

    return spoil


def read(frame: pd.DataFrame, folder: Path) -> TrainTable:
    frame.to_csv(folder / "train.csv", index=False)
    return read_train(folder / "train.csv")


UNUSABLE: dict[str, tuple[Spoil, str, list[int], list[str]]] = {
    "id empty": (cells(3, label_id=""), "ill-formed", [3], ["column label_id", "found ''"]),
    "id too long": (cells(3, label_id="9" * 30), "ill-formed", [3], ["column label_id"]),
    "id fractional": (cells(2, eeg_id=1.5), "ill-formed", [2], ["column eeg_id", "'1.5'"]),
    "id a path": (cells(2, eeg_id="../x"), "ill-formed", [2], ["column eeg_id", "'../x'"]),
    "vote negative": (cells(5, gpd_vote=-1), "ill-formed", [5], ["column gpd_vote", "whole number of votes", "'-1'"]),
    "vote fractional": (cells(5, gpd_vote=0.5), "ill-formed", [5], ["column gpd_vote", "'0.5'"]),
    "vote a word": (cells(5, gpd_vote="two"), "ill-formed", [5], ["column gpd_vote", "'two'"]),
    "vote infinite": (cells(5, gpd_vote="inf"), "ill-formed", [5], ["column gpd_vote", "'inf'"]),
    "votes all zero": (cells(7, **NO_VOTES), "no votes", [7], ["at least one vote"]),
    "offset negative": (cells(4, spectrogram_label_offset_seconds=-2.0), "ill-formed", [4], ["'-2.0'"]),
    "label twice": (cells(9, label_id=9000), "repeated", [9], ["column label_id: the same as in row 1"]),
    "sub id twice": (cells(2, eeg_sub_id=0), "repeated", [2], ["column eeg_id and eeg_sub_id: the same as in row 1"]),
    "EEG of two patients": (cells(6, patient_id=7000), "recording of two patients", [4, 5, 6], ["eeg_id 101"]),
    "spectrogram of two patients": (
        cells(6, spectrogram_id=500),
        "recording of two patients",
        [1, 2, 3, 6],
        ["spectrogram_id 500"],
    ),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_unusable_rows_are_set_aside_and_named(case: str, tmp_path: Path, train: pd.DataFrame) -> None:
    spoil, reason, rows, expected = UNUSABLE[case]
    table = read(spoil(train), tmp_path)
    assert table.set_aside["row"].tolist() == rows
    assert set(table.set_aside["reason"]) == {reason}
    assert table.rows.index.tolist() == [row for row in range(1, 37) if row not in rows]
    for row, detail in zip(rows, table.set_aside["detail"], strict=True):
        assert detail.startswith(f"{tmp_path / 'train.csv'}, row {row}, ")
        assert "\n" not in detail
        for fragment in expected:
            assert fragment in detail


def test_a_row_is_set_aside_once_whatever_is_wrong_with_it(tmp_path: Path, train: pd.DataFrame) -> None:
    spoilt = cells(2, eeg_sub_id=0, label_id=9000, **NO_VOTES)(train)
    assert read(spoilt, tmp_path).set_aside["row"].tolist() == [2]


def test_too_many_of_them_end_the_reading(tmp_path: Path, train: pd.DataFrame) -> None:
    path = tmp_path / "train.csv"
    train.assign(gpd_vote=train["gpd_vote"].where(train.index > 3, -1)).to_csv(path, index=False)
    assert len(read_train(path, tolerated=0.12).set_aside) == 4
    line = (
        r"train\.csv: rows: 4 of 36 cannot be used, at most 10\.0% are set aside .*the first: .*row 1, column gpd_vote"
    )
    with pytest.raises(HbacError, match=line):
        read_train(path, tolerated=0.1)


def test_not_even_if_all_may_be_set_aside_can_all_be(tmp_path: Path, train: pd.DataFrame) -> None:
    with pytest.raises(HbacError, match="36 of 36 cannot be used"):
        read(train.assign(**NO_VOTES), tmp_path)


REFUSED = {
    "column missing": (lambda t: t.drop(columns="lpd_vote"), ["column lpd_vote", "none among eeg_id"]),
    "column twice": (lambda t: pd.concat([t, t[["eeg_id"]]], axis=1), ["column eeg_id", "2 times"]),
    "no rows": (lambda t: t.head(0), ["at least one row", "none below the header"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_another_table_is_refused_in_one_line(case: str, tmp_path: Path, train: pd.DataFrame) -> None:
    spoil, expected = REFUSED[case]
    with pytest.raises(HbacError) as error:
        read(spoil(train), tmp_path)
    message = str(error.value)
    assert "\n" not in message
    for fragment in [str(tmp_path / "train.csv"), "expected", "found", *expected]:
        assert fragment in message


def test_values_survive(tmp_path: Path, train: pd.DataFrame) -> None:
    table = read(train, tmp_path)
    expected = train.astype(dict.fromkeys([name for name in train if str(name).endswith("seconds")], "int64"))
    pd.testing.assert_frame_equal(table.rows.reset_index(drop=True), expected, check_dtype=False)
    assert list(table.rows.columns) == list(TRAIN_COLUMNS)
    assert table.remarks == ()


def test_how_the_file_is_written_changes_nothing(tmp_path: Path, train: pd.DataFrame) -> None:
    plain, other = tmp_path / "plain.csv", tmp_path / "other.csv"
    train.to_csv(plain, index=False)
    floats = train.astype({"eeg_id": float, "gpd_vote": float})
    floats[train.columns[::-1]].to_csv(other, sep=";", encoding="utf-8-sig", lineterminator="\r\n", decimal=",")
    pd.testing.assert_frame_equal(read_train(plain).rows, read_train(other).rows)


def test_values_beyond_the_competitions_are_accepted(tmp_path: Path, train: pd.DataFrame) -> None:
    """Eight votes, forty votes, odd offsets and one patient are no faults of a table."""
    one = cells(1, seizure_vote=8, lpd_vote=0, spectrogram_label_offset_seconds=7)(
        cells(2, seizure_vote=40)(train.head(3))
    )
    table = read(one, tmp_path)
    assert table.rows["seizure_vote"].tolist() == [8, 40, 3]
    assert table.rows["spectrogram_label_offset_seconds"].tolist() == [7, 4, 8]
    assert "1 spectrogram offsets are odd" in table.remarks[0]


@pytest.mark.parametrize(("offset", "seconds"), [("6.0000001", 6), ("5.9999999", 6), ("2.4", 2), ("0.0e+00", 0)])
def test_offsets_are_cut_at_whole_seconds(tmp_path: Path, train: pd.DataFrame, offset: str, seconds: int) -> None:
    table = read(cells(1, eeg_label_offset_seconds=offset)(train), tmp_path)
    assert table.rows["eeg_label_offset_seconds"].iloc[0] == seconds


def test_ids_keep_all_their_digits(tmp_path: Path, train: pd.DataFrame) -> None:
    large = train.assign(label_id=2**63 - 1 - np.arange(36), patient_id=-train["patient_id"])
    table = read(large, tmp_path)
    assert table.rows["label_id"].tolist() == large["label_id"].tolist()
    assert table.rows["patient_id"].tolist() == large["patient_id"].tolist()
    with_a_fault = cells(7, label_id="seven")(large)
    assert read(with_a_fault, tmp_path).rows["label_id"].tolist() == large["label_id"].drop(index=6).tolist()


def test_ids_may_be_names(tmp_path: Path, train: pd.DataFrame) -> None:
    named = train.assign(patient_id="P" + train["patient_id"].astype(str), eeg_id="rec-" + train["eeg_id"].astype(str))
    table = read(named, tmp_path)
    assert table.rows["patient_id"].tolist() == named["patient_id"].tolist()
    assert table.rows["eeg_id"].tolist() == named["eeg_id"].tolist()


def test_a_name_that_leads_elsewhere_is_set_aside(tmp_path: Path, train: pd.DataFrame) -> None:
    """Among ids that are names, where it is not refused for being no number."""
    named = train.assign(eeg_id=[f"eeg-{one}" for one in train["eeg_id"]])
    table = read(cells(2, eeg_id="../x")(named), tmp_path)
    assert table.set_aside["row"].tolist() == [2]
    assert "'../x'" in table.set_aside["detail"].item()


def test_derivable_columns_may_be_absent(tmp_path: Path, train: pd.DataFrame) -> None:
    absent = ["eeg_sub_id", "spectrogram_sub_id", "label_id", "expert_consensus"]
    table = read(train.drop(columns=absent), tmp_path)
    assert table.rows["label_id"].tolist() == list(range(36))
    for name in ("eeg_sub_id", "spectrogram_sub_id", "expert_consensus"):
        assert table.rows[name].tolist() == train[name].tolist()
    assert [remark.split(" ")[0] for remark in table.remarks] == absent


def test_a_given_consensus_stays_and_what_is_none_comes_from_the_votes(tmp_path: Path, train: pd.DataFrame) -> None:
    tie = cells(1, lpd_vote=3, expert_consensus="LPD")(train)
    contradicted = cells(4, expert_consensus="OTHER")(cells(7, expert_consensus="Artifact")(tie))
    table = read(contradicted, tmp_path)
    assert table.rows["expert_consensus"].iloc[[0, 3, 6]].tolist() == ["LPD", "Other", "GPD"]
    assert [remark.split(" ")[0] for remark in table.remarks] == ["1", "1"]


def test_the_competitions_own_rows_all_pass(tmp_path: Path) -> None:
    path = rehearsal_table()
    if path is None:
        pytest.skip("no table of the competition's: HBAC_REHEARSAL names none")
    labels = pd.read_parquet(path)
    table = read(labels, tmp_path)
    assert table.set_aside.empty
    assert len(table.rows) == len(labels) > 100_000
    assert any("919 spectrogram offsets are odd" in remark for remark in table.remarks)


def test_the_test_set(kaggle_folder: Path) -> None:
    tables = read_test_tables(kaggle_folder)
    assert tables.rows["eeg_id"].tolist() == ["41", "40"]
    assert tables.rows["spectrogram_id"].tolist() == ["31", "30"]
    assert set(tables.rows["eeg_label_offset_seconds"]) == {MIDDLE}
    written = pd.read_csv(kaggle_folder / "test.csv", dtype="str")
    assert tables.rows["patient_id"].tolist() == written["patient_id"].tolist()
    assert tables.sample["eeg_id"].tolist() == [41, 40]

    sample = pd.read_csv(kaggle_folder / "sample_submission.csv")
    sample.head(1).to_csv(kaggle_folder / "sample_submission.csv", index=False)
    with pytest.raises(HbacError, match=r"submission\.csv, column eeg_id: .* test\.csv, found 1 .* 40"):
        read_test_tables(kaggle_folder)


def test_a_test_row_keeps_its_place_whatever_it_lacks(kaggle_folder: Path) -> None:
    test = pd.read_csv(kaggle_folder / "test.csv").drop(columns="patient_id")
    test = test.assign(spectrogram_id=["", "30.0"], eeg_label_offset_seconds=["6.0", "soon"])
    test.to_csv(kaggle_folder / "test.csv", index=False)
    rows = read_test_tables(kaggle_folder).rows
    assert rows["spectrogram_id"].tolist() == ["", "30"]
    assert rows["eeg_label_offset_seconds"].tolist() == [6, MIDDLE]
    assert rows["patient_id"].tolist() == ["", ""]


BAD_TESTS = {
    "short row": (b"eeg_id,spectrogram_id\n1,2\n4\n", ["row 2", "2 fields", "found 1"]),
    "long row": (b"eeg_id,spectrogram_id\n1,2,3\n", ["row 1", "2 fields", "found 3"]),
    "EEG without an id": (b"eeg_id,spectrogram_id\n1,2\n,5\n7,8\n", ["row 2, column eeg_id", "found ''"]),
    "no EEGs": (b"spectrogram_id,patient_id\n1,2\n", ["column eeg_id"]),
}


@pytest.mark.parametrize("case", BAD_TESTS)
def test_a_bad_test_table_is_named_in_one_line(case: str, kaggle_folder: Path) -> None:
    content, expected = BAD_TESTS[case]
    (kaggle_folder / "test.csv").write_bytes(content)
    with pytest.raises(HbacError) as error:
        read_test_tables(kaggle_folder)
    message = str(error.value)
    assert "\n" not in message
    for fragment in [str(kaggle_folder / "test.csv"), *expected]:
        assert fragment in message
