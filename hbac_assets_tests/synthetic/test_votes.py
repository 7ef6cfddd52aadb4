import numpy as np
import pytest

from hbac_assets.synthetic.votes import consensus, draw_vote_count, draw_votes


@pytest.mark.parametrize(("population", "least", "most"), [("few", 1, 7), ("many", 10, 28)])
def test_each_population_votes_in_its_range(population, least, most):
    rng = np.random.default_rng(0)
    counts = [draw_vote_count(rng, population) for _ in range(2_000)]
    assert min(counts) == least
    assert most - 8 < max(counts) <= most


def test_votes_follow_the_probabilities():
    probabilities = np.array([[0.5, 0.2, 0.1, 0.1, 0.05, 0.05]])
    rng = np.random.default_rng(0)
    drawn = np.concatenate([draw_votes(rng, 20, probabilities) for _ in range(2_000)])
    assert (drawn.sum(axis=1) == 20).all()
    np.testing.assert_allclose(drawn.mean(axis=0) / 20, probabilities[0], atol=0.01)


def test_votes_hold_until_the_state_has_changed():
    before, nearly, after = np.eye(6)[0], np.eye(6)[0] * 0.9 + np.eye(6)[1] * 0.1, np.eye(6)[1]
    votes = draw_votes(np.random.default_rng(0), 9, np.array([before, nearly, after, after]))
    np.testing.assert_array_equal(votes, 9 * np.eye(6)[[0, 0, 1, 1]])


def test_consensus_is_the_first_class_with_the_most_votes():
    votes = np.array([[0, 3, 3, 0, 0, 0], [0, 0, 0, 0, 1, 5], [2, 0, 0, 0, 0, 1]])
    assert consensus(votes) == ["LPD", "Other", "Seizure"]
