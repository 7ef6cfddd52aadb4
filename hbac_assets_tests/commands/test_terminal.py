"""Lines on a terminal and elsewhere: one that moves, its width, its colours."""

import io
import sys

import pytest

from hbac_assets.commands.terminal import Terminal, duration
from hbac_assets_tests.terminals import COLOUR, passed, run_in_terminal, seen

PROGRAM = """
from hbac_assets.commands.terminal import RED, Terminal
terminal = Terminal()
terminal.move("doing the first thing " + "x" * 100)
terminal.line("the first thing is done")
terminal.move("doing the second thing")
terminal.line(terminal.styled("the second thing FAILED", RED))
terminal.move("")
"""
STAY = ["the first thing is done", "the second thing FAILED", ""]


def on_a_terminal(**environment):
    status, written = run_in_terminal((sys.executable, "-c", PROGRAM), environment, columns=40)
    assert status == 0, written
    return written


def test_one_line_moves_below_those_that_stay():
    written = on_a_terminal()
    assert seen(written) == STAY
    moved = ["doing the first thing " + "x" * 17, "doing the second thing"]
    assert [one for one in dict.fromkeys(passed(written)) if one.startswith("doing")] == moved
    assert COLOUR.search(written)


def test_no_color_leaves_the_moving_line_and_takes_the_colours():
    written = on_a_terminal(NO_COLOR="1")
    assert not COLOUR.search(written)
    assert seen(written) == STAY
    assert "doing the second thing" in passed(written)


def test_a_terminal_that_moves_nothing_gets_lines():
    assert on_a_terminal(TERM="dumb").splitlines() == STAY[:2]


def test_a_file_gets_lines(monkeypatch):
    stream = io.StringIO()
    terminal = Terminal(stream)
    terminal.move("doing")
    terminal.line(terminal.styled("done", "31"))
    assert stream.getvalue() == "done\n"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-3, "0 s"), (41.4, "41 s"), (150, "2 min"), (4000, "67 min"), (9000, "2.5 h"), (360_000, "4.2 days")],
)
def test_a_duration_is_written_in_words(seconds, words):
    assert duration(seconds) == words
