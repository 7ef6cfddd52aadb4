import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hbac_assets.learning.search.settings import CATEGORICAL, Ranges, Search
from hbac_assets.learning.settings import MemberSettings

RANGES = Ranges()


def inside(bounds, share, logarithmic):
    low, high = map(math.log, bounds) if logarithmic else bounds
    value = low + share * (high - low)
    return math.exp(value) if logarithmic else value


@given(st.floats(0, 1), st.floats(0.05, 1))
def test_narrowed_ranges_have_their_fraction_of_the_width_and_lie_within_the_first(position, share):
    names = [name for name, _ in RANGES if name not in CATEGORICAL]
    middle = {name: inside(getattr(RANGES, name), position, name in ("peak", "weight_decay")) for name in names}
    narrow = RANGES.narrowed(middle, share)
    for name in names:
        (first, last), (low, high) = getattr(RANGES, name), getattr(narrow, name)
        assert first <= low <= high <= last
        assert low - 1e-9 <= middle[name] <= high + 1e-9
        if name in ("peak", "weight_decay"):
            first, last, low, high = map(math.log, (first, last, low, high))
        assert high - low == pytest.approx(share * (last - first))
        if share / 2 < position < 1 - share / 2 and name == "dropout":
            assert (low + high) / 2 == pytest.approx(middle[name])
    assert (narrow.schedule, narrow.normalisation) == (RANGES.schedule, RANGES.normalisation)


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"peak": [1e-2, 1e-4]}, "expected the lower bound first"),
        ({"peak": [0, 1e-2]}, "greater than 0"),
        ({"beta_1": [0.5, 1.0]}, "less than 1"),
        ({"clip_low": [-4, 5]}, "clip_low to end below"),
        ({"schedule": []}, "at least 1 item"),
        ({"schedule": ["linear"]}, "'cosine', 'exponential' or 'constant'"),
        ({"dropuot": [0, 1]}, "Extra inputs"),
    ],
)
def test_impossible_ranges_are_refused(wrong, complaint):
    with pytest.raises(ValidationError, match=complaint):
        Ranges(**wrong)


def test_every_value_in_the_default_ranges_is_one_that_a_member_can_have():
    for corner in (0, -1):
        ranges = {name: bounds[corner] for name, bounds in RANGES}
        MemberSettings(
            backbone="resnet34d",
            preprocessing={"clip": (ranges["clip_low"], ranges["clip_high"]), "normalisation": ranges["normalisation"]},
            schedule={"kind": ranges["schedule"], "peak": ranges["peak"]},
            optimizer={name: ranges[name] for name in ("beta_1", "beta_2", "weight_decay")},
            dropout=ranges["dropout"],
        )


def test_a_miniature_has_two_batches_of_few_trials():
    small = Search(member="b1").miniature()
    assert (small.folds, small.epochs, small.batches, small.trials) == (2, 2, 2, 4)
    assert Search(member="b1", folds=1, batches=1, trials=2).miniature().steps == 2
