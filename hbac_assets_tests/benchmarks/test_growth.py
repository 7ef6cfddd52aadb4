"""The conclusions of the row on growth from its measurements."""

import pytest

from benchmarks.growth_stages import measuring
from benchmarks.rows.growth import SIZES, _memory, _plan, _time

GIB = 2**30
STAGES = ("conversion", "EEG conversion", "folds", "windows", "epoch", "prediction")
IMAGE = 64 * 96 * 2
"""Bytes of one of the small images that the row trains on."""


def figures(anonymous, seconds=lambda size: 0.01):
    return {
        size: {stage: {"seconds": seconds(size), "anonymous": anonymous(size), "mapped": 0} for stage in STAGES}
        for size in SIZES
    }


def test_a_stationary_spectrogram_is_flat():
    found = figures(lambda size: GIB)
    for result in (_time("conversion", found), _memory("conversion", found)):
        assert result.ratio == 1
        assert result.reached


def test_growth_is_the_largest_over_the_smallest():
    found = figures(lambda size: GIB * size, seconds=lambda size: 1 if size == SIZES[1] else 2)
    assert _time("folds", found).ratio == 2
    assert _memory("folds", found).ratio == SIZES[-1] / SIZES[0]
    assert not _time("folds", found).reached
    assert not _memory("folds", found).reached


def test_the_plan_counts_how_many_times_training_holds_the_images():
    plan = _plan(figures(lambda size: GIB + 3 * IMAGE * size))
    assert "training holds 1.0 GiB and 3.0 × the images; 106,800 rows do not fit" in plan.remark
    full = GIB + 3 * 400 * 300 * 2 * 11_138
    assert f"11,138 rows {full / GIB:.1f} GiB" in plan.ours
    assert plan.ratio == pytest.approx(full / (16 * GIB))
    assert plan.reached


def test_memory_that_a_stage_takes_is_noticed_however_short_it_is():
    measured = {}
    with measuring("nothing", 1, measured):
        pass
    with measuring("something", 1, measured):
        held = bytearray(b"x") * (64 * 2**20)
    assert measured["something"]["anonymous"] - measured["nothing"]["anonymous"] >= 0.9 * len(held)
