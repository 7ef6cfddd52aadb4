import pytest

from benchmarks.dagster_log import Span
from benchmarks.rows import cluster
from benchmarks.rows.cluster import Grid, flatness, overhead


@pytest.mark.parametrize(("seconds", "reached"), [(344, True), (346, False)])
def test_a_grid_is_compared_with_that_of_one_machine(seconds, reached):
    there = Grid(seconds, [Span(20, 40, 340), Span(22, 44, 342)])
    result = overhead("five_minutes", there, local=Grid(300, [Span(12, 14, 296), Span(12, 15, 298)]))
    assert result.ratio == pytest.approx(seconds / 300)
    assert result.reached is reached
    assert f"cluster: start of a cell 21 s, training 299 s, outside the cells {seconds - 322} s" in result.remark
    assert "one machine: start of a cell 2 s, training 282 s, outside the cells 14 s" in result.remark


def test_steps_that_take_longer_and_longer_are_not_flat():
    even = flatness([10.0 + number for number in range(100)], processor=30, nodes=8)
    assert even.ratio == pytest.approx(1)
    assert even.reached
    assert "0.30 s a step; longest gap between two ends 1.0 s" in even.remark
    slower = flatness([number**2 / 100 for number in range(100)], processor=30, nodes=8)
    assert slower.ratio == pytest.approx(3, rel=0.05)
    assert slower.reached is False


def test_what_is_missing_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(cluster, "PACKAGES", ("ray", "no_such_package"))
    (result,) = cluster.run(tmp_path)
    assert result.reached is None
    assert not result.failed
    assert "no_such_package" in result.remark
