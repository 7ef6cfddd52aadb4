"""Tables unlike the competition's: accepted with a remark, some rows set aside, or refused in one line.

Each case is in the table of docs/inputs.md.
"""

import gzip
import re

import numpy as np
import pandas as pd
import pytest

from hbac_assets.labels import VOTE_COLUMNS
from hbac_assets_tests.faults.materializing import materialize_data
from hbac_assets_tests.faults.selection import some_at_once
from hbac_assets_tests.faults.spoiling import SAMPLE, TEST, TRAIN, absent, cell, cells, content, table

NO_VOTES = dict.fromkeys(VOTE_COLUMNS, 0)
OTHER_PATIENT = 424242


def with_ids(kind):
    """Give the recordings of train.csv other ids, in the table and in the names of their files."""

    def spoil(download):
        frame = pd.read_csv(download / TRAIN)
        for name, folder in (("eeg_id", "train_eegs"), ("spectrogram_id", "train_spectrograms")):
            for one in frame[name].unique():
                (download / folder / f"{one}.parquet").rename(download / folder / f"{kind(one)}.parquet")
            frame[name] = frame[name].map(kind)
        table(TRAIN, lambda old: frame)(download)

    return spoil


REFUSED = {
    "train.csv missing": (
        absent(TRAIN),
        "train.csv: expected a file, found none; download the competition's data or correct HBAC_DATA_DIR",
    ),
    "train.csv still packed as train.csv.zip": (
        lambda download: (download / TRAIN).rename(download / "train.csv.zip"),
        "train.csv: expected a file, found none; unpack train.csv.zip",
    ),
    "train.csv of zero bytes": (
        content(TRAIN, lambda text: b""),
        "train.csv: expected a comma-separated table in UTF-8, found an empty file",
    ),
    "train.csv of no rows": (
        table(TRAIN, lambda frame: frame.head(0)),
        "train.csv: expected at least one row, found none",
    ),
    "train.csv in another encoding": (
        content(TRAIN, lambda text: text.replace(b"Seizure", b"Anf\xe4lle")),
        "train.csv: expected a comma-separated table in UTF-8",
    ),
    "train.csv that is a spreadsheet's own file": (
        content(TRAIN, lambda text: b"PK\x03\x04" + text),
        "train.csv: expected a comma-separated table, found an archive or a spreadsheet's own format; unpack it or exp",
    ),
    "train.csv that ends within a row": (
        content(TRAIN, lambda text: text[:-20]),
        r"train.csv, row \d+: expected 15 fields, found the end of the file; download it again",
    ),
    "a quote that is not closed": (
        content(TRAIN, lambda text: text.replace(b"Other", b'"Other', 1)),
        r"train.csv, row \d+: expected a row on one line, found a quote that is not closed",
    ),
    "train.csv without a column": (
        table(TRAIN, lambda frame: frame.drop(columns="lpd_vote")),
        "train.csv, column lpd_vote: expected the column once, found none among eeg_id",
    ),
    "train.csv with a column twice": (
        table(TRAIN, lambda frame: pd.concat([frame, frame[["eeg_id"]]], axis=1)),
        "train.csv, column eeg_id: expected the column once, found 2 times among",
    ),
    "shares in the place of votes": (
        table(TRAIN, lambda frame: frame.assign(**dict.fromkeys(VOTE_COLUMNS, 1 / 6))),
        r"train.csv: rows: (\d+) of \1 cannot be used, at most 10.0% .* column seizure_vote: expected a whole numb",
    ),
    "more rows at fault than are tolerated": (
        table(TRAIN, lambda frame: frame.assign(lpd_vote=frame["lpd_vote"].where(frame.index > len(frame) // 5, -1))),
        r"train.csv: rows: \d+ of \d+ cannot be used, at most 10.0% .*\(tolerated_share\); the first: .*row 1",
    ),
    "one patient only": (
        table(TRAIN, lambda frame: frame.assign(patient_id=7)),
        "folds: expected 2 to 1, the number of patients, .*found 2; change the experiment's folds or add patients",
    ),
    "one row": (table(TRAIN, lambda frame: frame.head(1)), "folds: expected 2 to 1, the number of patients"),
    "test.csv missing": (absent(TEST), "test.csv: expected a file, found none"),
    "test.csv with an EEG without an id": (
        cell(TEST, 2, "eeg_id", ""),
        "test.csv, row 2, column eeg_id: expected a whole number or a name of .*, found ''",
    ),
    "test.csv with an EEG that sample_submission.csv lacks": (
        cell(TEST, 1, "eeg_id", 12345),
        "sample_submission.csv, column eeg_id: expected the eeg_ids of test.csv, found 2 in one of the two only",
    ),
    "sample_submission.csv missing": (absent(SAMPLE), "sample_submission.csv: expected a file, found none"),
    "sample_submission.csv of other ids": (
        table(SAMPLE, lambda frame: frame.assign(eeg_id=frame["eeg_id"] + 1)),
        "sample_submission.csv, column eeg_id: expected the eeg_ids of test.csv",
    ),
}


def alone_first(frame):
    """Return a table that begins with a label that is the only one of its EEG."""
    return frame.iloc[frame["eeg_id"].duplicated(keep=False).argsort(kind="stable")].reset_index(drop=True)


SET_ASIDE = {
    "a row without votes": (cells(TRAIN, 5, **NO_VOTES), "no votes", 1, "row 5, .*expected at least one vote"),
    "a row twice": (
        table(TRAIN, lambda frame: pd.concat([frame, frame.head(1)])),
        "repeated",
        1,
        r"row \d+, column label_id: the same as in row 1",
    ),
    "a window of an EEG twice": (
        table(TRAIN, lambda frame: pd.concat([frame, frame.head(1).assign(label_id=999_999)])),
        "repeated",
        1,
        r"row \d+, column eeg_id and eeg_sub_id: the same as in row 1",
    ),
    "a row of too few fields": (
        content(TRAIN, lambda text: text[:-20] + b"\n"),
        "ill-formed",
        1,
        r"row \d+, expected 15 fields, found \d+",
    ),
    "a negative vote": (cell(TRAIN, 3, "gpd_vote", -1), "ill-formed", 1, "row 3, column gpd_vote: .*votes.* '-1'"),
    "a fractional vote": (cell(TRAIN, 3, "gpd_vote", 0.5), "ill-formed", 1, "row 3, column gpd_vote: .* '0.5'"),
    "an offset before the beginning": (
        cell(TRAIN, 2, "eeg_label_offset_seconds", -2),
        "ill-formed",
        1,
        "row 2, column eeg_label_offset_seconds: expected a number of seconds, 0 or more, found '-2'",
    ),
    "an id that leads out of its folder": (
        cell(TRAIN, 2, "spectrogram_id", "../../etc/passwd"),
        "ill-formed",
        1,
        "row 2, column spectrogram_id: expected a whole number or a name of .*, found '../../etc/passwd'",
    ),
    "an EEG of two patients": (
        table(TRAIN, lambda frame: pd.concat([alone_first(frame), alone_first(frame).head(1).assign(
            patient_id=OTHER_PATIENT, eeg_sub_id=99, label_id=999_999)])),
        "recording of two patients",
        2,
        "row 1, column patient_id: eeg_id .* has rows of several patients",
    ),
    "a window that begins after its spectrogram has ended": (
        cell(TRAIN, 1, "spectrogram_label_offset_seconds", 100_000),
        "window outside its spectrogram",
        1,
        "row 1: window outside its spectrogram",
    ),
    "a window that ends after its EEG has ended": (
        table(TRAIN, lambda frame: alone_first(frame).assign(
            eeg_label_offset_seconds=[100_000, *alone_first(frame)["eeg_label_offset_seconds"][1:]])),
        "window outside its EEG",
        1,
        "row 1: window outside its EEG",
    ),
}  # fmt: skip
ACCEPTED = {
    "a byte-order mark": (content(TRAIN, lambda text: b"\xef\xbb\xbf" + text), ""),
    "lines that end as on Windows": (content(TRAIN, lambda text: text.replace(b"\n", b"\r\n")), ""),
    "blank lines": (content(TRAIN, lambda text: text.replace(b"\n", b"\n\n")), "blank rows are skipped"),
    "rows of nothing but commas": (
        content(TRAIN, lambda text: text + b"," * 14 + b"\n"),
        "1 blank rows are skipped",
    ),
    "an empty column at the end": (
        content(TRAIN, lambda text: text.replace(b"\n", b",\n")),
        "ignored: one without a name",
    ),
    "cells between quotes": (content(TRAIN, lambda text: text.replace(b"Other", b'"Other"')), ""),
    "spaces around cells, and capitals in the header": (
        content(TRAIN, lambda text: text.split(b"\n", 1)[0].upper().replace(b",", b" , ") + b"\n"
                + text.split(b"\n", 1)[1].replace(b",", b" ,")),
        "",
    ),
    "packed by gzip": (content(TRAIN, gzip.compress), "packed by gzip"),
    "UTF-16": (content(TRAIN, lambda text: text.decode().encode("utf-16")), "UTF-16"),
    "semicolons and decimal commas": (
        content(TRAIN, lambda text: text.replace(b",", b";").replace(b".0;", b",0;")),
        "semicolons separate its columns",
    ),
    "tabs": (content(TRAIN, lambda text: text.replace(b",", b"\t")), "tabs separate its columns"),
    "a first line that names the separator": (
        content(TRAIN, lambda text: b"sep=;\n" + text.replace(b",", b";")),
        "first line says that semicolons separate",
    ),
    "an index column of pandas": (
        content(TRAIN, lambda text: b"\n".join(
            (b"%d," % number if number else b",") + line for number, line in enumerate(text.split(b"\n")[:-1]))),
        "ignored: one without a name",
    ),
    "columns that nothing uses": (table(TRAIN, lambda frame: frame.assign(fold=0, age=50)), "ignored: fold, age"),
    "columns in another order": (table(TRAIN, lambda frame: frame[frame.columns[::-1]]), ""),
    "ids, votes and offsets as floats": (
        table(TRAIN, lambda frame: frame.astype(dict.fromkeys(["eeg_id", "patient_id", *VOTE_COLUMNS], float))),
        "",
    ),
    "no label_id": (table(TRAIN, lambda frame: frame.drop(columns="label_id")), "label_id is absent"),
    "no expert_consensus": (
        table(TRAIN, lambda frame: frame.drop(columns="expert_consensus")),
        "expert_consensus is absent",
    ),
    "no sub ids": (
        table(TRAIN, lambda frame: frame.drop(columns=["eeg_sub_id", "spectrogram_sub_id"])),
        "eeg_sub_id is absent",
    ),
    "a consensus that the votes contradict": (
        cells(TRAIN, 1, expert_consensus="GRDA", grda_vote=0),
        "1 values of expert_consensus are not the class with the most votes",
    ),
    "a consensus that is no class": (
        cell(TRAIN, 2, "expert_consensus", "Artifact"),
        "1 values of expert_consensus are no class",
    ),
    "odd offsets": (
        table(TRAIN, lambda frame: frame.assign(spectrogram_label_offset_seconds=1.0)),
        r"\d+ spectrogram offsets are odd",
    ),
    "fractional offsets": (table(TRAIN, lambda frame: frame.assign(eeg_label_offset_seconds=0.0000001)), ""),
    "patients with names": (
        table(TRAIN, lambda frame: frame.assign(patient_id="P-" + frame["patient_id"].astype(str))),
        "",
    ),
    "ids as large as int64, and negative ones": (
        table(TRAIN, lambda frame: frame.assign(
            patient_id=-frame["patient_id"], label_id=2**63 - 1 - np.arange(len(frame)))),
        "",
    ),
    "recordings with names": (with_ids(lambda one: f"rec-{one}"), ""),
    "a class that nobody shows": (table(TRAIN, lambda frame: frame[frame["expert_consensus"] != "LRDA"]), ""),
    "more votes than the competition's rows have": (
        cell(TRAIN, 1, "seizure_vote", 40), "1 values of expert_consensus are not the class with the most votes",
    ),
    "test.csv with an EEG twice": (
        lambda download: [table(name, lambda frame: pd.concat([frame, frame.head(1)]))(download)
                          for name in (TEST, SAMPLE)],
        "test.csv: 1 rows repeat the EEG of an earlier row",
    ),
    "test.csv with a spectrogram that is not there": (cell(TEST, 1, "spectrogram_id", 12345), ""),
    "test.csv with an empty spectrogram_id": (cell(TEST, 1, "spectrogram_id", ""), ""),
    "sample_submission.csv with any values": (cell(SAMPLE, 1, "lpd_vote", 2.0), ""),
}  # fmt: skip


@pytest.mark.parametrize("name", some_at_once(REFUSED))
def test_it_is_refused_in_one_line(name, download, tmp_path, case):
    spoil, expected = REFUSED[name]
    spoil(download)
    failure = materialize_data(download, tmp_path / "project").failure
    case(name, expected, failure)
    assert re.search(expected, failure)
    assert "\n" not in failure


@pytest.mark.parametrize("name", some_at_once(SET_ASIDE))
def test_its_rows_are_set_aside(name, download, tmp_path, case):
    spoil, reason, count, detail = SET_ASIDE[name]
    spoil(download)
    outcome = materialize_data(download, tmp_path / "project")
    case(name, f"{count} {reason}", outcome.failure or outcome.set_aside["reason"].tolist())
    assert outcome.failure == ""
    assert outcome.set_aside["reason"].tolist() == [reason] * count
    assert outcome.set_aside["file"].tolist() == [str(download / TRAIN)] * count
    assert re.search(f"^{re.escape(str(download / TRAIN))}, {detail}", outcome.set_aside["detail"][0])
    assert f"row {outcome.set_aside['row'][0]}" in outcome.set_aside["detail"][0]
    assert 0 < outcome.rows < len(pd.read_csv(download / TRAIN))


@pytest.mark.parametrize("name", some_at_once(ACCEPTED))
def test_it_is_accepted(name, download, tmp_path, case):
    spoil, remark = ACCEPTED[name]
    spoil(download)
    outcome = materialize_data(download, tmp_path / "project")
    case(name, f"accepted; {remark}", outcome.failure or f"accepted; {outcome.remarks}")
    assert outcome.failure == ""
    assert outcome.set_aside.empty
    assert re.search(remark or "nothing", outcome.remarks)
