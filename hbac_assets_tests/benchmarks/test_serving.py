"""The row on serving: its bounds, what counts as right, and what is sent."""

import copy
import json

import numpy as np
import pytest

from benchmarks.rows.serving import Request, as_lists, ask, compact_row, results, times
from hbac_assets.signals.window import Window

FOUND = {
    "body": 860_000.0,
    "lists": 2e6,
    "compact 1": {"p50": 0.02, "p99": 0.05, "wrong": 0},
    "compact 8": {"p50": 0.1, "p99": 0.2, "wrong": 0},
    "lists 1": {"p50": 0.2, "p99": 0.5, "wrong": 0},
    "lists 8": {"p50": 1.0, "p99": 2.0, "wrong": 0},
    "wrong": 0,
    "memory": (400 << 20, 410 << 20),
    "lost": 3,
    "after": 0,
}


@pytest.mark.parametrize(
    ("change", "missed"),
    [
        ({}, []),
        ({"compact 1": {"p50": 0.08, "p99": 0.1, "wrong": 0}}, [0]),
        ({"compact 8": {"p50": 0.01, "p99": 0.1, "wrong": 1}}, [1]),
        ({"wrong": 1}, [2]),
        ({"memory": (400 << 20, 450 << 20)}, [3]),
        ({"lost": 9}, [4]),
        ({"after": 1}, [4]),
    ],
)
def test_each_line_says_whether_its_bound_holds(change, missed):
    lines = results(copy.deepcopy(FOUND) | change)
    assert [number for number, line in enumerate(lines) if not line.reached] == missed


def test_the_lines_say_how_long_and_how_large():
    one, eight, *_ = results(FOUND)
    assert (one.ours, one.against) == ("20 / 50 ms, 0.86 MB each", "JSON: 200 / 500 ms, 2.00 MB each")
    assert (one.ratio, eight.ratio) == (pytest.approx(10), pytest.approx(10))
    assert ", 1 client:" in one.work
    assert ", 8 clients:" in eight.work


def test_times_are_quantiles_of_all():
    asked = [Request(seconds / 100, right=seconds != 7) for seconds in range(101)]
    assert times(asked) == {"p50": 0.5, "p99": pytest.approx(0.99), "wrong": 1}


class Server:
    """Answers what it was given, or fails."""

    def __init__(self, answer):
        self.answer = answer

    def predict(self, body, content_type):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ([[0.5, 0.5]], True),
        ([[0.5, 0.501]], False),
        ([[0.5, 0.5]] * 2, False),
        (ConnectionResetError(), False),
        (RuntimeError(), False),
    ],
)
def test_an_answer_is_right_if_it_is_the_one_that_is_expected(answer, right):
    assert ask(Server(answer), b"", [[0.5, 0.5]]).right is right


def test_windows_are_sent_compactly_and_as_numbers():
    eeg, power = np.full((10_000, 19), 1.234, np.float32), np.full((400, 300), 5.678, np.float32)
    row = compact_row(Window(eeg, power))
    assert len(row["eeg"]) == 128 + 2 * eeg.size
    assert len(row["spectrogram"]) == 128 + 4 * power.size
    sent = json.loads(as_lists(Window(eeg, power)))["inputs"]
    assert np.shape(sent["eeg"]) == (1, 10_000, 19)
    assert sent["spectrogram"][0][0][:2] == [5.68, 5.68]
