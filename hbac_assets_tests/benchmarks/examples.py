"""Sides and rows for tests of the harness: they take no time and leave a trace."""

import os
from pathlib import Path

from benchmarks.table import Result


def writing(file, word, items=1):
    """A side that adds a word to a file."""

    def repetition():
        with Path(file).open("a") as trace:
            trace.write(f"{word} ")
        print("what a side prints is no answer")
        return items

    return repetition


def writing_environment(file, names):
    """A side that writes its process' arguments."""

    def repetition():
        Path(file).write_text(" ".join(os.environ.get(name, "-") for name in names))
        return 1

    return repetition


def counting():
    """A side that measures time itself."""
    return lambda: 2.5


def faulty():
    """A side whose repetition raises."""

    def repetition():
        raise ValueError("the first line\nthe second")

    return repetition


def dying():
    """A side whose process ends."""
    return lambda: os._exit(3)


def run(workspace):
    """A row with a result."""
    assert list(workspace.iterdir()) == []
    (workspace / "scratch").touch()
    return [Result(2, "nothing", "1 | 2 ms", "3 ms", 2.0, "≥ 1.5", True, measured={"ours": [1, 2]})]
