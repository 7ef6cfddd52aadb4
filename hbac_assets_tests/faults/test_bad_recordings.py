"""Files of recordings that are not what they should be: each is named in one line, or left out and counted."""

import re

import numpy as np
import pytest

from hbac_assets_tests.faults.materializing import materialize_data
from hbac_assets_tests.faults.selection import some_at_once
from hbac_assets_tests.faults.spoiling import first_file, recording, recording_bytes

ASSETS = {"spectrogram": "npy_spectrograms", "eeg": "eeg_spectrograms"}
VALUES = slice(1, None)  # of a spectrogram, all columns but the time


def values(kind, change):
    """Change the values of a recording, as one array."""

    def spoil(frame):
        part = frame.columns[VALUES] if kind == "spectrogram" else frame.columns
        return frame.assign(**change(frame[part]))

    return recording(kind, spoil)


def one_value(kind, row, value):
    def change(part):
        part = part.copy()
        part.iloc[row, 3] = value
        return part

    return values(kind, change)


def time(change):
    return recording("spectrogram", lambda frame: frame.assign(time=change(frame["time"])))


WHOLE_FILE = r"expected a whole parquet file, found \d+ bytes .*; download the file again"
CASES = {
    "spectrogram missing": (
        "spectrogram",
        lambda download: first_file(download, "spectrogram").unlink(),
        "expected a file, found none; download it or leave its rows out of the table",
    ),
    "spectrogram of zero bytes": ("spectrogram", recording_bytes("spectrogram", lambda content: b""), WHOLE_FILE),
    "spectrogram cut short": (
        "spectrogram",
        recording_bytes("spectrogram", lambda content: content[:5000]),
        WHOLE_FILE,
    ),
    "spectrogram that is text": (
        "spectrogram",
        recording_bytes("spectrogram", lambda content: b"time,LL\n0,1\n"),
        WHOLE_FILE,
    ),
    "spectrogram with damaged pages": (
        "spectrogram",
        recording_bytes("spectrogram", lambda content: content[:4] + b"\xff" * 3000 + content[3004:]),
        WHOLE_FILE,
    ),
    "spectrogram without a column": (
        "spectrogram",
        recording("spectrogram", lambda frame: frame.drop(columns="LL_0.59")),
        r"column LL_0.59: expected the column once, found 0 times",
    ),
    "spectrogram with a column more": (
        "spectrogram",
        recording("spectrogram", lambda frame: frame.assign(extra=1.0)),
        r"column extra: expected time and the 400 columns of the grid only, found one more",
    ),
    "spectrogram with a column of text": (
        "spectrogram",
        recording("spectrogram", lambda frame: frame.assign(**{"RP_1.37": "a"})),
        r"column RP_1.37: expected floating-point numbers, found (large_)?string",
    ),
    "spectrogram with a column of whole numbers": (
        "spectrogram",
        recording("spectrogram", lambda frame: frame.assign(**{"RP_1.37": 1})),
        r"column RP_1.37: expected floating-point numbers, found int64",
    ),
    "spectrogram in V²/Hz": (
        "spectrogram",
        values("spectrogram", lambda part: part * 1e-12),
        r"expected a peak between 0.001 and 1e\+09 µV²/Hz, found .*; convert it to µV²/Hz",
    ),
    "spectrogram of NaN": (
        "spectrogram",
        values("spectrogram", lambda part: part * np.nan),
        "expected some power, found NaN everywhere",
    ),
    "spectrogram that is constant": (
        "spectrogram",
        values("spectrogram", lambda part: part * 0 + 2),
        "expected power that varies, found 2 everywhere",
    ),
    "spectrogram with an infinite value": (
        "spectrogram",
        one_value("spectrogram", 4, np.inf),
        r"row 5, column LL_1.17: expected power in µV²/Hz, 0 or more, found an infinite value",
    ),
    "spectrogram with a negative value": (
        "spectrogram",
        one_value("spectrogram", 4, -1.0),
        r"row 5, column LL_1.17: expected power in µV²/Hz, 0 or more, found a negative value",
    ),
    "spectrogram that is too short": (
        "spectrogram",
        recording("spectrogram", lambda frame: frame.head(299)),
        r"expected at least 300 rows \(10 min\), found 299",
    ),
    "spectrogram with a time twice": (
        "spectrogram",
        time(lambda seconds: seconds.where(seconds.index != 7, seconds[6])),
        r"row 8, column time: expected 2 s after the row before, found 0 s",
    ),
    "spectrogram with steps of a second": (
        "spectrogram",
        time(lambda seconds: seconds // 2),
        r"row 2, column time: expected 2 s after the row before, found 1 s",
    ),
    "spectrogram with times of text": (
        "spectrogram",
        time(lambda seconds: seconds.astype(str)),
        r"column time: expected whole seconds, found (large_)?string",
    ),
    "EEG missing": ("eeg", lambda download: first_file(download, "eeg").unlink(), "expected a file, found none"),
    "EEG of zero bytes": ("eeg", recording_bytes("eeg", lambda content: b""), WHOLE_FILE),
    "EEG cut short": ("eeg", recording_bytes("eeg", lambda content: content[: len(content) // 2]), WHOLE_FILE),
    "EEG without an electrode": (
        "eeg",
        recording("eeg", lambda frame: frame.drop(columns="Cz")),
        "column Cz: expected the column once, found 0 times",
    ),
    "EEG with an electrode more": (
        "eeg",
        recording("eeg", lambda frame: frame.assign(A1=1.0)),
        "column A1: expected the 19 electrodes and EKG only, found one more",
    ),
    "EEG of text": (
        "eeg",
        recording("eeg", lambda frame: frame.astype(str)),
        "column Fp1: expected floating-point numbers, found (large_)?string",
    ),
    "EEG in volts": (
        "eeg",
        values("eeg", lambda part: part * 1e-6),
        r"expected a peak between 1 and 1e\+06 µV, found .*; convert it to µV",
    ),
    "EEG of NaN": ("eeg", values("eeg", lambda part: part * np.nan), "expected some voltage, found NaN everywhere"),
    "EEG that is constant": (
        "eeg",
        values("eeg", lambda part: part * 0),
        "expected voltage that varies, found -?0 everywhere",
    ),
    "EEG with an infinite value": (
        "eeg",
        one_value("eeg", 11, -np.inf),
        r"row 12, column .*: expected a voltage in µV, found an infinite value",
    ),
    "EEG that is too short": (
        "eeg",
        recording("eeg", lambda frame: frame.head(9999)),
        r"expected at least \d+ rows .*, found 9999",
    ),
    "EEG at half the sampling rate": (
        "eeg",
        recording("eeg", lambda frame: frame.iloc[::2]),
        r"expected at least \d+ rows .*, found \d+",
    ),
}


@pytest.mark.parametrize("name", some_at_once(CASES))
def test_it_is_named_or_left_out(name, download, tmp_path, case):
    kind, spoil, expected = CASES[name]
    victim = first_file(download, kind)
    spoil(download)
    refused = materialize_data(download, tmp_path / "project")
    case(name, expected, refused.failure)
    line = rf"{ASSETS[kind]}: 1 of \d+ files are unreadable, .*; the first: {re.escape(str(victim))}.*{expected}"
    assert re.search(line, refused.failure)
    assert "\n" not in refused.failure
    others = {ASSETS[kind]: 1} | {asset: 0 for one, asset in ASSETS.items() if one != kind}
    assert materialize_data(download, tmp_path / "project", tolerated_failures=0.1).left_out == others


@pytest.mark.parametrize("kind", ASSETS)
def test_columns_in_another_order_are_no_fault(kind, download, tmp_path, case):
    recording(kind, lambda frame: frame[frame.columns[::-1]])(download)
    outcome = materialize_data(download, tmp_path / "project")
    case(f"{kind} with columns in another order", "read by their names", outcome.failure or "read")
    assert outcome.failure == ""
