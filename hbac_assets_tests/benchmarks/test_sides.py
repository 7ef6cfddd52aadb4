"""Processes of sides: their arguments, answers and errors."""

import pytest

from benchmarks.pairs import Comparison, compare
from benchmarks.sides import Side, SideError, started

EXAMPLES = "hbac_assets_tests.benchmarks.examples"


def writing(file, word, **arguments):
    return Side(word, f"{EXAMPLES}:writing", {"file": str(file), "word": word, **arguments})


def test_sides_are_measured_alternately_and_the_warm_up_does_not_count(tmp_path):
    trace = tmp_path / "trace"
    comparison = compare(writing(trace, "ours"), writing(trace, "theirs"), repetitions=2, warm_up=1)
    assert trace.read_text().split() == ["ours", "theirs"] * 3
    assert len(comparison.ours) == len(comparison.theirs) == 2
    assert min(*comparison.ours, *comparison.theirs) > 0


def test_the_ratio_is_how_many_times_as_fast_we_are_by_medians():
    comparison = Comparison(ours=(1.0, 2.0, 100.0), theirs=(6.0, 0.1, 8.0))
    assert (comparison.our_median, comparison.their_median, comparison.ratio) == (2.0, 6.0, 3.0)


def test_a_side_may_say_itself_how_long_it_took():
    with started(Side("a side", f"{EXAMPLES}:counting")) as (side,):
        assert side.repeat() == 2.5


def test_a_side_gets_the_libraries_defaults_and_its_own_environment(tmp_path, monkeypatch):
    for name in ("KERAS_BACKEND", "TF_ENABLE_ONEDNN_OPTS", "INHERITED"):
        monkeypatch.setenv(name, "ours")
    arguments = {"file": str(tmp_path / "seen"), "names": ["KERAS_BACKEND", "TF_ENABLE_ONEDNN_OPTS", "INHERITED"]}
    with started(Side("", f"{EXAMPLES}:writing_environment", arguments, {"KERAS_BACKEND": "tensorflow"})) as (side,):
        side.repeat()
    assert (tmp_path / "seen").read_text() == "tensorflow - ours"


@pytest.mark.parametrize(
    ("prepare", "reason"),
    [
        (f"{EXAMPLES}:faulty", "a side: ValueError: the first line$"),
        (f"{EXAMPLES}:dying", "a side: its process ended with status 3$"),
        (f"{EXAMPLES}:absent", "a side: AttributeError: .* 'absent'$"),
    ],
)
def test_a_fault_is_told_in_one_line(prepare, reason):
    with pytest.raises(SideError, match=reason), started(Side("a side", prepare)) as (side,):
        side.repeat()
