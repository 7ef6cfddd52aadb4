"""`hbac predict`: several files, existing results, progress, and Ctrl-C."""

import os
import pty
import re
import sys
import threading
import time

import numpy as np
import pandas as pd
import pytest

from hbac_assets.commands import predict
from hbac_assets.commands.bar import Bar
from hbac_assets.commands.main import main
from hbac_assets.execution.interrupts import INTERRUPTED_MESSAGE
from hbac_assets.labels import PROBABILITY_COLUMNS
from hbac_assets_tests.recordings.files import synthetic_eeg, write_edf, write_parquet

EEG = synthetic_eeg("Seizure", 700)


@pytest.fixture
def hbac(kaggle_ensemble, monkeypatch, tmp_path):
    """Run `hbac predict` in an empty folder, with the small ensemble in the place of a trained store."""
    monkeypatch.setattr(predict, "open_predictor", lambda source: (kaggle_ensemble, "a small ensemble"))
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        return main(["predict", *map(str, arguments)])

    return run


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_recording_becomes_a_table_in_the_working_folder(hbac, tmp_path, capsys):
    write_edf(tmp_path / "night.edf", EEG)
    assert hbac("night.edf") == 0
    table = pd.read_csv(tmp_path / "night.predictions.csv")
    assert table["middle_s"].tolist() == list(range(10, 700, 10))
    assert table[list(PROBABILITY_COLUMNS)].notna().all(axis=1).sum() == 39
    said = capsys.readouterr()
    expected = "night.predictions.csv: 69 moments, 30 of them without probabilities: too little is covered"
    assert said.out.startswith(expected)
    assert "a small ensemble: for research only; not a medical device" in said.err


def test_formats_of_the_table_hold_the_same(hbac, tmp_path):
    write_edf(tmp_path / "night.edf", EEG)
    assert hbac("night.edf", "--step", "20", "--output", "results/night.parquet") == 0
    assert hbac("night.edf", "--step", "20", "--output", "results") == 0
    first = pd.read_parquet(tmp_path / "results" / "night.parquet")
    second = pd.read_csv(tmp_path / "results" / "night.predictions.csv")
    assert list(first) == list(second)
    assert first["middle_s"].tolist() == list(range(20, 700, 20))
    np.testing.assert_allclose(first, second, atol=6e-6)


def test_one_that_fails_is_named_and_the_others_go_on(hbac, tmp_path, capsys):
    write_edf(tmp_path / "a.edf", EEG)
    (tmp_path / "b.edf").write_bytes(b"")
    write_parquet(tmp_path / "c.parquet", EEG)
    assert hbac("a.edf", "b.edf", "nothing.edf", "c.parquet", "--output", "out", "--step", "50") == 1
    assert files(tmp_path / "out") == ["a.predictions.csv", "c.predictions.csv"]
    said = capsys.readouterr().err.splitlines()
    assert [line.partition(": expected")[0] for line in said if line.startswith("FAILED")] == [
        "FAILED: b.edf",
        "FAILED: nothing.edf",
    ]
    assert said[-1] == "2 of 4 recordings predicted"


@pytest.mark.parametrize("there", ["a.predictions.csv", "a.predictions.png", "a.predictions.moments.png"])
def test_existing_results_are_replaced_only_on_request(there, hbac, tmp_path, capsys):
    write_edf(tmp_path / "a.edf", EEG)
    (tmp_path / there).write_text("mine")
    assert hbac("a.edf", "--step", "100", "--picture") == 1
    assert (tmp_path / there).read_text() == "mine"
    assert files(tmp_path) == sorted(["a.edf", there])
    assert f"FAILED: {there}: expected nothing there, found a file; give --overwrite" in capsys.readouterr().err


def test_pictures_are_beside_the_table(hbac, tmp_path):
    write_edf(tmp_path / "a.edf", EEG)
    (tmp_path / "a.predictions.csv").write_text("mine")
    assert hbac("a.edf", "--step", "100", "--picture", "--overwrite") == 0
    assert files(tmp_path) == ["a.edf", "a.predictions.csv", "a.predictions.moments.png", "a.predictions.png"]
    assert len(pd.read_csv(tmp_path / "a.predictions.csv")) == 6


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["x/a.edf", "y/a.edf"], "--output: expected recordings of different names, found x/a.edf and y/a.edf"),
        (["a.edf", "b.edf", "--output", "c.csv"], "--output: expected a folder for 2 recordings, found c.csv"),
        (["a.edf", "--output", "file.txt"], "--output: expected a folder for 1 recordings, found file.txt"),
    ],
)
def test_results_need_places_of_their_own(arguments, said, hbac, tmp_path, capsys):
    (tmp_path / "file.txt").write_text("")
    assert hbac(*arguments) == 1
    assert capsys.readouterr().err.strip().startswith(said)


@pytest.mark.parametrize(
    "arguments", [["--step", "5"], ["--step", "0"], ["--step", "x"], ["--top", "0"], ["--from", ""]]
)
def test_wrong_usage_ends_with_2(arguments, hbac):
    with pytest.raises(SystemExit) as ended:
        hbac("a.edf", *arguments)
    assert ended.value.code == 2


def test_ctrl_c_leaves_whole_files(kaggle_ensemble, hbac, tmp_path, capsys, monkeypatch):
    write_edf(tmp_path / "a.edf", EEG)
    write_edf(tmp_path / "b.edf", EEG)
    predicted = type(kaggle_ensemble).predict
    calls = []

    def interrupted(self, windows):
        calls.append(len(windows))
        if len(calls) == 2:  # in the second file
            raise KeyboardInterrupt
        return predicted(self, windows)

    monkeypatch.setattr(type(kaggle_ensemble), "predict", interrupted)
    assert hbac("a.edf", "b.edf", "--output", "out") == 130
    assert files(tmp_path / "out") == ["a.predictions.csv"]
    assert capsys.readouterr().err.strip().endswith(INTERRUPTED_MESSAGE)


def test_a_table_that_cannot_be_written_leaves_nothing(hbac, tmp_path, capsys):
    write_edf(tmp_path / "a.edf", EEG)
    (tmp_path / "file").write_text("")
    assert hbac("a.edf", "--output", "file/out") == 1
    assert "file/out/a.predictions.csv: cannot be written" in capsys.readouterr().err


def test_progress_is_lines_in_a_pipe_and_a_bar_on_a_terminal(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def through(bar):
        for second in range(0, 3601, 10):
            now[0] += 0.1
            bar(second, 3600)
        bar.end()

    through(Bar("a.edf"))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 7
    assert re.fullmatch(r"a\.edf +14%  \d+ x real time, 3\d s left", lines[0])
    controller, terminal = pty.openpty()
    with os.fdopen(terminal, "w") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        read = []
        reading = threading.Thread(target=lambda: read.append(_until_end(controller)))
        reading.start()
        through(Bar("a.edf"))
    reading.join()
    shown = read[0].split("\r")
    assert len(shown) > 100
    assert re.match(r"\x1b\[K\x1b\[2m\[#{14} {14}\] a\.edf +50%  \d+ x real time, 18 s left", shown[91])
    assert shown[-1] == "\x1b[K"


def _until_end(descriptor):
    parts = []
    while True:
        try:
            part = os.read(descriptor, 1024)
        except OSError:  # the other end is closed
            break
        parts.append(part)
    os.close(descriptor)
    return b"".join(parts).decode()
