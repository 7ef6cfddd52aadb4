import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hbac_assets.labels import CLASSES
from hbac_assets.synthetic.readers import (
    EXPERTS,
    FEW,
    LAPSE_RATE,
    MANY,
    ONE_OR_TWO,
    POPULATIONS,
    THRESHOLD_SD,
    Population,
    draw_population,
    expert_probabilities,
    thresholds,
)


@pytest.mark.parametrize(("population", "least", "most"), [(ONE_OR_TWO, 1, 2), (FEW, 3, 7), (MANY, 10, 28)])
def test_each_population_votes_in_its_range(population: Population, least: int, most: int):
    rng = np.random.default_rng(0)
    counts = [population.draw_vote_count(rng) for _ in range(6_000)]
    assert (min(counts), population.least_votes + len(population.votes) - 1) == (least, most)
    assert most - 3 < max(counts) <= most


def test_each_population_reads_its_fraction_of_the_recordings():
    rng = np.random.default_rng(0)
    drawn = [draw_population(rng).name for _ in range(6_000)]
    found = [drawn.count(population.name) / len(drawn) for population in POPULATIONS]
    np.testing.assert_allclose(found, [0.29, 0.39, 0.32], atol=0.02)


@pytest.mark.parametrize("population", POPULATIONS, ids=lambda population: population.name)
def test_kinds_are_as_wide_as_their_fractions(population: Population):
    assert sum(population.kinds) == pytest.approx(1)
    kinds = [population.kind(position) for position in (np.arange(5_000) + 0.5) / 5_000]
    np.testing.assert_allclose([kinds.count(name) / 5_000 for name in CLASSES], population.kinds, atol=1e-3)
    assert population.kind(np.nextafter(1, 0)) == "Other"


def test_thresholds_differ_between_experts_as_stated():
    drawn = thresholds()
    assert drawn.shape == (EXPERTS, len(CLASSES))
    np.testing.assert_allclose(drawn.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(drawn.std(axis=0), THRESHOLD_SD)
    between = np.corrcoef(drawn.T)[np.triu_indices(len(CLASSES), 1)]
    assert np.abs(between).max() < 0.15


@given(log_odds=st.lists(st.floats(-25, 0), min_size=6, max_size=6), certainty=st.floats(0.5, 3))
def test_each_expert_has_a_distribution(log_odds, certainty):
    probabilities = expert_probabilities(np.array([log_odds]), certainty)
    assert probabilities.shape == (1, EXPERTS, 6)
    np.testing.assert_allclose(probabilities.sum(axis=-1), 1)
    assert probabilities.min() >= LAPSE_RATE / 6 * (1 - 1e-9)


def test_an_expert_prefers_a_class_by_its_threshold():
    probabilities = expert_probabilities(np.zeros((1, 6)), 1.0)[0]
    attentive = (probabilities - LAPSE_RATE / 6) / (1 - LAPSE_RATE)
    preference = np.log(attentive) - np.log(attentive).mean(axis=1, keepdims=True)
    expected = thresholds() - thresholds().mean(axis=1, keepdims=True)
    np.testing.assert_allclose(preference, expected, atol=1e-9)


def test_certainty_makes_experts_agree():
    log_odds = np.log([[0.4, 0.2, 0.1, 0.1, 0.1, 0.1]])
    doubtful, sure = (expert_probabilities(log_odds, certainty).mean(axis=1)[0, 0] for certainty in (1.0, 3.0))
    assert doubtful < 0.45
    assert sure > 0.7
