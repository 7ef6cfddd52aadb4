from itertools import pairwise

import numpy as np
import pytest

from hbac_assets.synthetic.places import (
    APPENDED,
    EEG_LEAD,
    LONGEST_RECORDING,
    LONGEST_SPAN,
    draw_appended,
    draw_places,
    recording_seconds,
)
from hbac_assets.synthetic.readers import POPULATIONS, Population


@pytest.mark.parametrize("appended", [False, True])
@pytest.mark.parametrize("population", POPULATIONS, ids=lambda population: population.name)
def test_excerpts_follow_one_another_without_overlap(population: Population, appended: bool):
    rng = np.random.default_rng(0)
    for _ in range(500):
        places = draw_places(rng, population, appended=appended)
        assert places[0][0] == EEG_LEAD
        assert recording_seconds(places) <= LONGEST_RECORDING
        for (start, offsets), (following, _) in pairwise(places):
            assert following >= start + offsets[-1] + 50
        for _, offsets in places:
            assert offsets[0] == 0
            assert offsets[-1] <= LONGEST_SPAN
            assert (offsets % 2 == 0).all()
            assert (np.diff(offsets) > 0).all()


def test_a_recording_ends_with_the_last_spectrogram_window():
    places = [(EEG_LEAD, np.array([0, 4])), (EEG_LEAD + 120, np.array([0, 10]))]
    assert recording_seconds(places) == 120 + 10 + 600


def test_recordings_that_are_appended_have_more_excerpts():
    rng = np.random.default_rng(0)
    means = [
        np.mean([len(draw_places(rng, POPULATIONS[0], appended=appended)) for _ in range(1_000)])
        for appended in (False, True)
    ]
    assert means[0] < 1.5
    assert means[1] > 2.5


def test_few_recordings_have_others_appended_never_more_than_allowed():
    rng = np.random.default_rng(0)
    drawn = np.array([draw_appended(rng, 25) for _ in range(8_000)])
    assert np.mean(drawn > 0) == pytest.approx(APPENDED, abs=0.005)
    assert 8 < drawn.max() <= 25
    assert {draw_appended(rng, 0) for _ in range(500)} == {0}
    assert max(draw_appended(rng, 1) for _ in range(500)) == 1
