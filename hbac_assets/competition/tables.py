"""Reading of train.csv, test.csv and sample_submission.csv: their columns, and conditions across rows.

A table is refused if nothing sensible could follow; a row of train.csv that cannot be used is set aside; anything
merely unusual is accepted with a remark. Parsing text into a table belongs to `csv_file`, cells into values to
`columns`, and quantities derived from the votes to `metadata`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from hbac_assets.competition.columns import ANYTHING, CLASS, ID, OFFSET, SUB_ID, VOTES, Kind
from hbac_assets.competition.csv_file import TextTable, read_text_table
from hbac_assets.competition.faults import fault
from hbac_assets.competition.set_aside import require_tolerable, rows_set_aside, together
from hbac_assets.competition.windows import MIDDLE
from hbac_assets.labels import CLASSES, VOTE_COLUMNS

TRAIN_COLUMNS = {
    "eeg_id": ID,
    "eeg_sub_id": SUB_ID,
    "eeg_label_offset_seconds": OFFSET,
    "spectrogram_id": ID,
    "spectrogram_sub_id": SUB_ID,
    "spectrogram_label_offset_seconds": OFFSET,
    "label_id": ID,
    "patient_id": ID,
    "expert_consensus": CLASS,
    **dict.fromkeys(VOTE_COLUMNS, VOTES),
}
NUMBERED = ("eeg_sub_id", "spectrogram_sub_id", "label_id")
OFFSETS = ("eeg_label_offset_seconds", "spectrogram_label_offset_seconds")
TEST_COLUMNS = {"spectrogram_id": ID, "eeg_id": ID, "patient_id": ANYTHING, **dict.fromkeys(OFFSETS, OFFSET)}
SUBMISSION_COLUMNS = {"eeg_id": ID, **dict.fromkeys(VOTE_COLUMNS, ANYTHING)}

TABLES = ("train.csv", "test.csv", "sample_submission.csv")

NO_RECORDING = ""
NO_PATIENT = ""
"""Placeholder for a spectrogram or patient that test.csv does not name."""


@dataclass(frozen=True)
class TrainTable:
    """The labels of the training set.

    Attributes:
        rows: those that can be used, columns as in `TRAIN_COLUMNS`; the index is their numbers in the file, from 1.
        set_aside: the others, as in `set_aside.COLUMNS`.
        remarks: anything unusual, for people.
    """

    rows: pd.DataFrame
    set_aside: pd.DataFrame
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class TestTables:
    """The test set: the rows to predict, and their order.

    Attributes:
        rows: `eeg_id`, `spectrogram_id` (text; empty if missing), `eeg_label_offset_seconds` and
            `spectrogram_label_offset_seconds` (`MIDDLE` if missing).
        sample: sample_submission.csv: `eeg_id`, in the order of a submission.
        remarks: what was unusual, for people.
    """

    rows: pd.DataFrame
    sample: pd.DataFrame
    remarks: tuple[str, ...]


def read_train(path: Path, tolerated: float = 1.0) -> TrainTable:
    """Read train.csv: one row for each label, in the order of the file.

    Ids are int64, or text if most are not numbers; offsets are whole seconds. Sub ids, `label_id` and the consensus are
    derived if absent.

    Args:
        path: the file.
        tolerated: the largest fraction of rows that may be set aside.

    Raises:
        HbacError: the file is missing, unreadable or another table, has no rows, or too many that cannot be used.
    """
    text = _read(path, TRAIN_COLUMNS, (*NUMBERED, "expert_consensus"))
    remarks = list(text.remarks)
    parsed = {name: kind for name, kind in TRAIN_COLUMNS.items() if name in text.cells and kind is not CLASS}
    rows, unusable = _parsed(path, text, parsed)
    set_aside = [unusable]
    for name in NUMBERED:
        if name not in text.cells:
            recording = name.replace("_sub_id", "_id")
            rows[name] = np.arange(len(rows)) if name == "label_id" else rows.groupby(recording).cumcount()
            remarks.append(f"{name} is absent: rows are numbered in their order")
    for fault_of_rows in (_repeated, _of_two_patients, _without_votes):
        unusable = fault_of_rows(path, rows)
        rows = rows.drop(index=unusable["row"].tolist())
        set_aside.append(unusable)
    every = together(set_aside)
    require_tolerable(f"{path}: rows", every, len(text), tolerated)
    given = text.cells["expert_consensus"][rows.index] if "expert_consensus" in text.cells else None
    rows["expert_consensus"], remark = _consensus(rows, given)
    odd = int((rows["spectrogram_label_offset_seconds"] % 2 == 1).sum())
    if odd:
        remarks.append(f"{odd} spectrogram offsets are odd: their windows begin at the column of that second")
    return TrainTable(rows[list(TRAIN_COLUMNS)], every, (*remarks, *remark))


def read_test_tables(folder: Path) -> TestTables:
    """Read test.csv and sample_submission.csv of a folder in Kaggle's layout.

    An EEG may occur in several rows; a row without a spectrogram or a patient keeps its place.

    Raises:
        HbacError: a file is missing, unreadable or another table, has no rows, an EEG has no id, or the two have
            different EEGs.
    """
    test = _read(folder / "test.csv", TEST_COLUMNS, ("patient_id", *OFFSETS))
    sample = _read(folder / "sample_submission.csv", SUBMISSION_COLUMNS)
    rows = pd.DataFrame({"eeg_id": _every_id(folder / "test.csv", test)})
    spectrograms = ID.parse(test.cells["spectrogram_id"])
    rows["spectrogram_id"] = spectrograms.astype("str").where(spectrograms.notna(), NO_RECORDING)
    patients = test.cells["patient_id"] if "patient_id" in test.cells else pd.Series(NO_PATIENT, rows.index)
    rows["patient_id"] = patients.fillna(NO_PATIENT).astype("str")
    for name in OFFSETS:
        given = OFFSET.parse(test.cells[name]) if name in test.cells else pd.Series(MIDDLE, index=rows.index)
        rows[name] = given.fillna(MIDDLE).astype("int64")
    order = pd.DataFrame({"eeg_id": _every_id(folder / "sample_submission.csv", sample)})
    unlike = set(order["eeg_id"].astype("str")) ^ set(rows["eeg_id"].astype("str"))
    if unlike:
        raise fault(
            folder / "sample_submission.csv",
            "the eeg_ids of test.csv",
            f"{len(unlike)} in one of the two only, such as {min(unlike)}",
            "take both files from the same download",
            column="eeg_id",
        )
    remarks = [f"{name}: {one}" for name, table in (("test.csv", test), ("sample_submission.csv", sample))
               for one in table.remarks]  # fmt: skip
    if repeated := int(rows.duplicated("eeg_id").sum()):
        remarks.append(f"test.csv: {repeated} rows repeat the EEG of an earlier row")
    rows["eeg_id"] = rows["eeg_id"].astype("str")
    return TestTables(rows.reset_index(drop=True), order.reset_index(drop=True), tuple(remarks))


def _read(path: Path, columns: Mapping[str, Kind], absent: Sequence[str] = ()) -> TextTable:
    """Read a table as text; columns other than `absent` are required, and at least one row."""
    text = read_text_table(path, columns)
    for name in columns:
        if name not in text.cells and name not in absent:
            found = f"none among {', '.join(map(str, text.cells)) or 'those of another table'}"
            raise fault(
                path, "the column once", found, "take the competition's table or name the column so", column=name
            )
    if len(text) == 0:
        raise fault(path, "at least one row", "none below the header")
    return text


def _parsed(path: Path, text: TextTable, columns: Mapping[str, Kind]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the values of the rows without invalid cells, and the table of the other rows."""
    values = pd.DataFrame({name: kind.parse(text.cells[name]) for name, kind in columns.items()})
    missing = values.isna()
    bad = missing.any(axis=1)
    first = missing[bad].idxmax(axis=1)
    details = [
        _line(path, row, f"column {name}: expected {columns[str(name)].expected}, found {text.cells[name][row]!r}")
        for row, name in zip(first.index.tolist(), first.tolist(), strict=True)
    ]
    unusable = [rows_set_aside(path, first.index.tolist(), "ill-formed", details)]
    if text.uneven:
        lines = [_line(path, row, what) for row, what in text.uneven.items()]
        unusable.append(rows_set_aside(path, list(text.uneven), "ill-formed", lines))
    rows = values[~bad]
    return rows.astype({name: _dtype(rows[name], kind) for name, kind in columns.items()}), together(unusable)


def _dtype(values: pd.Series, kind: Kind) -> str:
    if kind.dtype:
        return kind.dtype
    return "int64" if pd.api.types.is_integer_dtype(values.dtype) else "str"


def _line(path: Path, row: int, what: str) -> str:
    return f"{path}, row {row}, {what}"


def _repeated(path: Path, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows whose label, or window of an EEG, occurs in an earlier row."""
    parts = []
    for columns in (["label_id"], ["eeg_id", "eeg_sub_id"]):
        again = rows.index[rows.duplicated(columns)]
        if not len(again):
            continue
        numbers = pd.Series(rows.index, index=rows.index)
        first = numbers.groupby([rows[name] for name in columns]).transform("first")
        details = [
            _line(path, row, f"column {' and '.join(columns)}: the same as in row {first[row]}") for row in again
        ]
        parts.append(rows_set_aside(path, again.tolist(), "repeated", details))
    return together(parts).drop_duplicates("row", ignore_index=True)


def _of_two_patients(path: Path, rows: pd.DataFrame) -> pd.DataFrame:
    """Return all rows of recordings that are attributed to several patients.

    If kept, such a recording could be trained on in one fold and scored in another.
    """
    parts = []
    for recording in ("eeg_id", "spectrogram_id"):
        several = rows.groupby(recording)["patient_id"].transform("nunique") > 1
        details = [
            _line(path, row, f"column patient_id: {recording} {one} has rows of several patients")
            for row, one in zip(rows.index[several].tolist(), rows.loc[several, recording], strict=True)
        ]
        parts.append(rows_set_aside(path, rows.index[several].tolist(), "recording of two patients", details))
    return together(parts).drop_duplicates("row", ignore_index=True)


def _without_votes(path: Path, rows: pd.DataFrame) -> pd.DataFrame:
    empty = rows.index[rows[list(VOTE_COLUMNS)].sum(axis=1) == 0].tolist()
    details = [_line(path, row, "columns of votes: expected at least one vote, found none") for row in empty]
    return rows_set_aside(path, empty, "no votes", details)


def _consensus(rows: pd.DataFrame, given: "pd.Series | None") -> tuple[pd.Series, list[str]]:
    """Return each row's consensus, as given or otherwise the class with the most votes, and remarks."""
    votes = rows[list(VOTE_COLUMNS)].to_numpy()
    most = pd.Series(np.array(CLASSES)[votes.argmax(axis=1)], index=rows.index, dtype="str")
    if given is None:
        return most, ["expert_consensus is absent: it is the class with the most votes"]
    named = CLASS.parse(given)
    remarks = []
    if unknown := int(named.isna().sum()):
        remarks.append(f"{unknown} values of expert_consensus are no class: there it is the one with the most votes")
    consensus = named.fillna(most).astype("str")
    index = np.array([CLASSES.index(name) for name in consensus])
    if contradicted := int((votes[np.arange(len(votes)), index] < votes.max(axis=1)).sum()):
        remarks.append(
            f"{contradicted} values of expert_consensus are not the class with the most votes: they are kept"
        )
    return consensus, remarks


def _every_id(path: Path, text: TextTable) -> pd.Series:
    """Return the EEGs' ids, each of which a prediction needs.

    Raises:
        HbacError: a row has none, or another number of fields; names the first.
    """
    found = ID.parse(text.cells["eeg_id"])
    if text.uneven:
        row, what = next(iter(text.uneven.items()))
        raise fault(path, "as many fields as the header has", what, row=row - 1)
    if found.isna().any():
        row = int(found.index[found.isna()][0])
        raise fault(path, ID.expected, repr(text.cells["eeg_id"][row]), row=row - 1, column="eeg_id")
    return found.astype("int64" if pd.api.types.is_integer_dtype(found.dtype) else "str")
