"""Recordings unlike the competition's: accepted, or their rows set aside and named in one line.

Each case is in the table of docs/inputs.md.
"""

import re

import numpy as np
import pandas as pd
import pytest

from hbac_assets_tests.faults.materializing import materialize_data
from hbac_assets_tests.faults.selection import some_at_once
from hbac_assets_tests.faults.spoiling import TRAIN, first_file, recording, recording_bytes, table

UNREADABLE = {"spectrogram": "spectrogram unreadable", "eeg": "EEG unreadable"}
SAMPLED = 48  # rows of the download that the sampling rule picks
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


def labelled(change):
    """Change what the first label of a recording is about: the first 50 s or ten minutes of a longer recording."""

    def spoil_labelled(kind, download):
        def spoil(frame):
            columns = frame.columns[VALUES] if kind == "spectrogram" else frame.columns
            longer = pd.concat([frame, frame], ignore_index=True)
            if kind == "spectrogram":
                longer["time"] = np.arange(1, 2 * len(longer), 2)
            changed = longer.astype(dict.fromkeys(columns, "float64"))
            window = slice(0, 300 if kind == "spectrogram" else 10_000)
            changed.loc[changed.index[window], columns] = change(changed.loc[changed.index[window], columns]).to_numpy()
            return changed

        offsets = "eeg_label_offset_seconds" if kind == "eeg" else "spectrogram_label_offset_seconds"
        victim = int(first_file(download, kind).stem)
        table(TRAIN, lambda frame: frame.assign(**{offsets: frame[offsets].where(frame[f"{kind}_id"] != victim, 0)}))(
            download
        )
        recording(kind, spoil)(download)

    return spoil_labelled


def half_missing(part):
    part = part.copy()
    part.iloc[::2] = np.nan
    return part


def reversed_columns(frame):
    return frame[frame.columns[::-1]]


def indexed(kind):
    def spoil(download):
        path = first_file(download, kind)
        frame = pd.read_parquet(path)
        path.unlink()
        frame.set_index(frame.index + 5).rename_axis("index").to_parquet(path)

    return spoil


def time(change):
    return recording("spectrogram", lambda frame: frame.assign(time=change(frame["time"])))


WHOLE_FILE = r"expected a whole parquet file, found \d+ bytes .*; download the file again"
SET_ASIDE = {
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
    "spectrogram with a column of text": (
        "spectrogram",
        recording("spectrogram", lambda frame: frame.assign(**{"RP_1.37": "a"})),
        r"column RP_1.37: expected numbers, found (large_)?string",
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
        r"column time: expected seconds, found (large_)?string",
    ),
    "EEG missing": ("eeg", lambda download: first_file(download, "eeg").unlink(), "expected a file, found none"),
    "EEG of zero bytes": ("eeg", recording_bytes("eeg", lambda content: b""), WHOLE_FILE),
    "EEG cut short": ("eeg", recording_bytes("eeg", lambda content: content[: len(content) // 2]), WHOLE_FILE),
    "EEG without an electrode": (
        "eeg",
        recording("eeg", lambda frame: frame.drop(columns="Cz")),
        "column Cz: expected the column once, found 0 times",
    ),
    "EEG of text": (
        "eeg",
        recording("eeg", lambda frame: frame.astype(str)),
        "column Fp1: expected numbers, found (large_)?string",
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
        recording("eeg", lambda frame: frame.iloc[:10_000:2]),
        r"expected at least \d+ rows .*, found \d+",
    ),
}


WINDOWS = {
    "an EEG whose labelled 50 s are NaN": ("eeg", labelled(lambda part: part * np.nan), "window without signal"),
    "an EEG whose labelled 50 s are constant": ("eeg", labelled(lambda part: part * 0 + 3), "window without signal"),
    "a spectrogram whose labelled ten minutes are NaN": (
        "spectrogram",
        labelled(lambda part: part * np.nan),
        "window without power",
    ),
    "a spectrogram whose labelled ten minutes are zero": (
        "spectrogram",
        labelled(lambda part: part * 0),
        "window without power",
    ),
}
ACCEPTED = {
    "a spectrogram with columns in another order": ("spectrogram", recording("spectrogram", reversed_columns)),
    "an EEG with columns in another order": ("eeg", recording("eeg", reversed_columns)),
    "a spectrogram with a column more": (
        "spectrogram",
        recording("spectrogram", lambda frame: frame.assign(extra="a")),
    ),
    "an EEG with an electrode more": ("eeg", recording("eeg", lambda frame: frame.assign(A1=1.0))),
    "a spectrogram saved with its index": ("spectrogram", indexed("spectrogram")),
    "an EEG saved with its index": ("eeg", indexed("eeg")),
    "a spectrogram of whole numbers": (
        "spectrogram",
        values("spectrogram", lambda part: (part + 1).fillna(0).astype("int64")),
    ),
    "an EEG of whole numbers": ("eeg", values("eeg", lambda part: part.clip(-30000, 30000).fillna(0).astype("int16"))),
    "a spectrogram with times as floats": ("spectrogram", time(lambda seconds: seconds.astype(float))),
    "a spectrogram with times as durations": ("spectrogram", time(lambda seconds: pd.to_timedelta(seconds, "s"))),
    "a spectrogram whose rows are out of order": ("spectrogram", recording("spectrogram", lambda frame: frame[::-1])),
    "an EEG without EKG": ("eeg", recording("eeg", lambda frame: frame.drop(columns="EKG"))),
    "an EEG with infinite EKG": ("eeg", recording("eeg", lambda frame: frame.assign(EKG=np.inf))),
    "an EEG of which half of the labelled 50 s is NaN": ("eeg", labelled(half_missing)),
    "an EEG with one electrode that is NaN": ("eeg", recording("eeg", lambda frame: frame.assign(Cz=np.nan))),
    "a recording that no row names": (
        "spectrogram",
        lambda download: (download / "train_spectrograms" / "._5.parquet").write_bytes(b"a resource fork"),
    ),
}


@pytest.mark.parametrize("name", some_at_once(SET_ASIDE))
def test_its_rows_are_set_aside(name, download, tmp_path, case):
    kind, spoil, expected = SET_ASIDE[name]
    victim = first_file(download, kind)
    spoil(download)
    outcome = materialize_data(download, tmp_path / "project")
    case(name, expected, outcome.failure or outcome.set_aside["detail"].tolist())
    assert outcome.failure == ""
    files = outcome.set_aside[outcome.set_aside["file"] == str(victim)]
    assert files["reason"].tolist() == [UNREADABLE[kind]]
    assert re.search(rf"^{re.escape(str(victim))}.*{expected}", files["detail"].iloc[0])
    assert "\n" not in files["detail"].iloc[0]
    require_rows_set_aside(outcome, download, victim, UNREADABLE[kind])


@pytest.mark.parametrize("name", some_at_once(WINDOWS))
def test_rows_whose_window_shows_nothing_are_set_aside(name, download, tmp_path, case):
    kind, spoil, reason = WINDOWS[name]
    victim = first_file(download, kind)
    spoil(kind, download)
    outcome = materialize_data(download, tmp_path / "project")
    case(name, reason, outcome.failure or outcome.set_aside["detail"].tolist())
    assert outcome.failure == ""
    require_rows_set_aside(outcome, download, victim, reason)


@pytest.mark.parametrize("name", some_at_once(ACCEPTED))
def test_it_is_accepted(name, download, tmp_path, case):
    kind, spoil = ACCEPTED[name]
    spoil(kind, download) if spoil.__name__ == "spoil_labelled" else spoil(download)
    outcome = materialize_data(download, tmp_path / "project")
    case(name, "accepted", outcome.failure or "accepted")
    assert outcome.failure == ""
    assert outcome.set_aside.empty


def test_the_run_ends_where_too_many_are_unreadable(download, tmp_path, case):
    first_file(download, "eeg").unlink()
    failure = materialize_data(download, tmp_path / "project", tolerated_share=0.01).failure
    case("more files at fault than are tolerated", "refused", failure)
    line = (
        r"eeg_spectrograms: files: 1 of \d+ cannot be used, at most 1.0% are set aside \(tolerated_share\); the first: "
    )
    assert re.search(line, failure)


def require_rows_set_aside(outcome, download, victim, reason):
    """Check that the rows of a recording, and no others, are set aside for a reason, by their places."""
    train = pd.read_csv(download / "train.csv")
    victims = train.index[train[f"{victim.parent.name[6:-1]}_id"] == int(victim.stem)] + 1
    rows = outcome.set_aside[outcome.set_aside["row"].notna()]
    assert rows["reason"].tolist() == [reason] * len(rows)
    assert rows["file"].tolist() == [str(download / "train.csv")] * len(rows)
    assert set(rows["row"]) <= set(victims)
    assert outcome.rows == SAMPLED - len(rows)
    assert len(rows)
