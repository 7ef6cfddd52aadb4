"""Tables that are not what they should be: refused in one line, before anything is converted."""

import re

import pandas as pd
import pytest

from hbac_assets.labels import VOTE_COLUMNS
from hbac_assets_tests.faults.materializing import materialize_data
from hbac_assets_tests.faults.selection import some_at_once
from hbac_assets_tests.faults.spoiling import SAMPLE, TEST, TRAIN, absent, cell, content, table

NO_VOTES = dict.fromkeys(VOTE_COLUMNS, 0)
CASES = {
    "train.csv missing": (
        absent(TRAIN),
        "train.csv: expected a file, found none; complete the download or correct HBAC_DATA_DIR",
    ),
    "train.csv of zero bytes": (
        content(TRAIN, lambda text: b""),
        "train.csv: expected a comma-separated table in UTF-8",
    ),
    "train.csv of no rows": (
        table(TRAIN, lambda frame: frame.head(0)),
        "train.csv: expected at least one row, found none",
    ),
    "train.csv in another encoding": (
        content(TRAIN, lambda text: text.replace(b"Seizure", b"Anf\xe4lle")),
        "train.csv: expected a comma-separated table in UTF-8",
    ),
    "train.csv with semicolons": (
        content(TRAIN, lambda text: text.replace(b",", b";")),
        "train.csv: expected columns separated by commas",
    ),
    "train.csv without a column": (
        table(TRAIN, lambda frame: frame.drop(columns="lpd_vote")),
        "train.csv, column lpd_vote: expected the column once, found 0 times",
    ),
    "train.csv with a column more": (
        table(TRAIN, lambda frame: frame.assign(age=50)),
        "train.csv, column age: expected only the columns .*, found one more; remove it",
    ),
    "train.csv with a row twice": (
        table(TRAIN, lambda frame: pd.concat([frame, frame.head(1)])),
        r"train.csv, row \d+, column label_id: expected no value twice, found .* already in row 1",
    ),
    "a row cut short": (
        content(TRAIN, lambda text: text[:-20] + b"\n"),
        r"train.csv, row \d+: expected 15 fields, found \d+",
    ),
    "a negative vote": (
        cell(TRAIN, 3, "gpd_vote", -1),
        "train.csv, row 3, column gpd_vote: expected a whole number of votes",
    ),
    "a fractional vote": (cell(TRAIN, 3, "gpd_vote", 0.5), "train.csv, row 3, column gpd_vote: .* found '0.5'"),
    "no votes": (
        table(
            TRAIN, lambda frame: frame.assign(**{name: frame[name].where(frame.index != 4, 0) for name in VOTE_COLUMNS})
        ),
        "train.csv, row 5, column .*: expected at least one vote, found none; remove the row",
    ),
    "a consensus that the votes contradict": (
        table(
            TRAIN,
            lambda frame: frame.assign(
                expert_consensus=frame["expert_consensus"].where(frame.index != 0, "GRDA"),
                grda_vote=frame["grda_vote"].where(frame.index != 0, 0),
            ),
        ),
        "train.csv, row 1, column expert_consensus: expected a class with the most votes, found GRDA with the votes",
    ),
    "an unknown class": (
        cell(TRAIN, 2, "expert_consensus", "seizure"),
        "train.csv, row 2, column expert_consensus: expected one of Seizure, .*, found 'seizure'",
    ),
    "an odd offset": (
        cell(TRAIN, 2, "eeg_label_offset_seconds", 3.0),
        "train.csv, row 2, column eeg_label_offset_seconds: expected an even number of seconds",
    ),
    "an offset beyond the spectrogram": (
        cell(TRAIN, 2, "spectrogram_label_offset_seconds", 100_000.0),
        "train.csv, row 2, column spectrogram_label_offset_seconds: expected .*, found 100000",
    ),
    "an id that is no number": (
        cell(TRAIN, 2, "spectrogram_id", "../../etc/passwd"),
        "train.csv, row 2, column spectrogram_id: expected a whole number, 0 or more, found '../../etc/passwd'",
    ),
    "an EEG of two patients": (
        table(
            TRAIN,
            lambda frame: frame.assign(
                patient_id=frame["patient_id"].where(frame.index != 0, 1), eeg_sub_id=range(len(frame)), eeg_id=5
            ),
        ),
        "train.csv, row .*, column patient_id: expected patient .*, as in the other rows of eeg_id 5",
    ),
    "one patient only": (
        table(TRAIN, lambda frame: frame.assign(patient_id=7)),
        "folds: expected 2 to 1, the number of patients, .*found 2; change the experiment's folds or add patients",
    ),
    "one row": (table(TRAIN, lambda frame: frame.head(1)), "folds: expected 2 to 1, the number of patients"),
    "test.csv missing": (absent(TEST), "test.csv: expected a file, found none"),
    "test.csv with an unknown spectrogram": (
        cell(TEST, 1, "spectrogram_id", 12345),
        r"npy_spectrograms: 1 of \d+ files are unreadable, .*test_spectrograms/12345.parquet: expected a file",
    ),
    "test.csv with an unknown EEG": (
        table(TEST, lambda frame: frame.assign(eeg_id=frame["eeg_id"].where(frame.index != 0, 12345))),
        "sample_submission.csv, column eeg_id: expected the eeg_ids of test.csv, found 2 in one of the two only",
    ),
    "test.csv with an EEG twice": (
        table(TEST, lambda frame: pd.concat([frame, frame.head(1)])),
        r"test.csv, row \d+, column eeg_id: expected no value twice",
    ),
    "sample_submission.csv missing": (absent(SAMPLE), "sample_submission.csv: expected a file, found none"),
    "sample_submission.csv of other ids": (
        table(SAMPLE, lambda frame: frame.assign(eeg_id=frame["eeg_id"] + 1)),
        "sample_submission.csv, column eeg_id: expected the eeg_ids of test.csv",
    ),
    "sample_submission.csv with a share above 1": (
        cell(SAMPLE, 1, "lpd_vote", 2.0),
        "sample_submission.csv, row 1, column lpd_vote: expected a number from 0 to 1, found '2.0'",
    ),
}
ACCEPTED = {
    "a byte-order mark": content(TRAIN, lambda text: b"\xef\xbb\xbf" + text),
    "lines that end as on Windows": content(TRAIN, lambda text: text.replace(b"\n", b"\r\n")),
    "columns in another order": table(TRAIN, lambda frame: frame[frame.columns[::-1]]),
    "a class that nobody shows": table(TRAIN, lambda frame: frame[frame["expert_consensus"] != "LRDA"]),
}


@pytest.mark.parametrize("name", some_at_once(CASES))
def test_it_is_refused_in_one_line(name, download, tmp_path, case):
    spoil, expected = CASES[name]
    spoil(download)
    failure = materialize_data(download, tmp_path / "project").failure
    case(name, expected, failure)
    assert re.search(expected, failure)
    assert "\n" not in failure


@pytest.mark.parametrize("name", some_at_once(ACCEPTED))
def test_what_is_unusual_and_no_fault_is_accepted(name, download, tmp_path, case):
    ACCEPTED[name](download)
    outcome = materialize_data(download, tmp_path / "project")
    case(name, "accepted", outcome.failure or "accepted")
    assert outcome.failure == ""
