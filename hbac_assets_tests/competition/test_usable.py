"""Usable windows, from the tables of the conversions."""

import numpy as np
import pandas as pd

from hbac_assets.competition.usable import eeg_windows, spectrogram_windows, worst

SPECTROGRAMS = pd.DataFrame({"spectrogram_id": [1, 2], "columns": [320, 700], "gaps": ["", "0-9 100-449"]})


def test_windows_of_spectrograms() -> None:
    cases = {
        (1, 0): ("", 0),
        (1, 638): ("", 0),  # the last column
        (1, 640): ("window outside its spectrogram", 0),
        (2, 0): ("", 210 / 300),
        (2, 19): ("", 210 / 300),  # odd: from column 9 on
        (2, 200): ("window without power", 1),
        (2, 300): ("window without power", 1),
        (2, 302): ("", 299 / 300),
        (2, 1300): ("", 0),
        (3, 0): ("spectrogram unreadable", 0),
    }
    rows = pd.DataFrame(list(cases), columns=["spectrogram_id", "spectrogram_label_offset_seconds"]).set_index(
        np.arange(50, 60)
    )
    state = spectrogram_windows(rows, SPECTROGRAMS)
    assert state["reason"].tolist() == [reason for reason, _ in cases.values()]
    np.testing.assert_allclose(state["missing"], [missing for _, missing in cases.values()])
    assert state.index.tolist() == rows.index.tolist()


def test_windows_of_eegs() -> None:
    windows = pd.DataFrame({"eeg_id": [1, 1, 2], "offset_seconds": [0, 4, 0], "missing": [0.25, np.nan, 1.0]})
    rows = pd.DataFrame({"eeg_id": [2, 1, 1, 3, 1], "eeg_label_offset_seconds": [0, 4, 0, 0, 6]}, index=[9, 8, 7, 6, 5])
    state = eeg_windows(rows, windows)
    assert state["reason"].tolist() == [
        "window without signal",
        "window outside its EEG",
        "",
        "EEG unreadable",
        "EEG unreadable",
    ]
    assert state["missing"].tolist() == [1, 1, 0.25, 1, 1]
    assert state.index.tolist() == rows.index.tolist()


def test_of_several_windows_the_first_reason_and_the_largest_share_count() -> None:
    one = pd.DataFrame({"reason": ["", "a", ""], "missing": [0.1, 0.0, 0.5]})
    other = pd.DataFrame({"reason": ["b", "c", ""], "missing": [1.0, 0.2, 0.0]})
    assert worst([one, other]).to_dict("list") == {"reason": ["b", "a", ""], "missing": [1.0, 0.2, 0.5]}
