import numpy as np
import pytest

from hbac_assets.synthetic.readers import MANY, POPULATIONS, Population, expert_probabilities
from hbac_assets.synthetic.votes import consensus, draw_votes, stretches

DOUBTFUL = np.log([[0.3, 0.2, 0.1, 0.05, 0.05, 0.3]])
STEP = np.log(np.array([[0.9, 0.02, 0.02, 0.02, 0.02, 0.02], [0.02, 0.02, 0.02, 0.02, 0.02, 0.9]]))


@pytest.mark.parametrize("population", POPULATIONS, ids=lambda population: population.name)
def test_the_mean_over_many_redraws_is_the_expected_fraction(population: Population):
    rng = np.random.default_rng(0)
    expected = expert_probabilities(DOUBTFUL, population.certainty).mean(axis=1)
    found = []
    for _ in range(4_000):
        votes, truth = draw_votes(rng, population, DOUBTFUL)
        np.testing.assert_allclose(truth, expected)
        found.append(votes[0] / votes[0].sum())
    np.testing.assert_allclose(np.mean(found, axis=0), expected[0], atol=0.02)


def test_thresholds_move_the_expected_fractions_away_from_a_reader_without_any():
    _, expected = draw_votes(np.random.default_rng(0), MANY, STEP[:1])
    assert expected[0, 0] < 0.87


def test_votes_hold_until_the_state_has_changed():
    nearly = STEP[0] + [-0.02, 0.1, 0, 0, 0, 0]
    votes, expected = draw_votes(np.random.default_rng(0), MANY, np.array([STEP[0], nearly, STEP[1], STEP[1]]))
    assert (votes[0] == votes[1]).all()
    assert (votes[2] == votes[3]).all()
    assert consensus(votes) == ["Seizure", "Seizure", "Other", "Other"]
    assert set(votes.sum(axis=1)) <= set(range(10, 29))
    # What is expected of a stretch is the mean over its moments.
    alone = expert_probabilities(np.array([STEP[0], nearly]), MANY.certainty).mean(axis=(0, 1))
    np.testing.assert_allclose(expected[:2], [alone, alone])


def test_stretches_begin_where_the_probabilities_have_moved_far():
    probabilities = np.array([[1.0, 0], [0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.6, 0.4], [1.0, 0]])
    assert stretches(probabilities) == [slice(0, 3), slice(3, 5), slice(5, 6)]
    assert stretches(probabilities[:1]) == [slice(0, 1)]


def test_the_experts_of_an_eeg_stay_the_same():
    # Two stretches in which each expert is sure or not by the same thresholds: their votes go together.
    undecided = np.log([[0.5, 1e-9, 1e-9, 1e-9, 1e-9, 0.5]])
    decided = np.log([[0.02, 0.94, 0.01, 0.01, 0.01, 0.01]])
    rng = np.random.default_rng(0)
    pairs = []
    for _ in range(1_500):
        votes, _ = draw_votes(rng, MANY, np.concatenate([undecided, decided, undecided]))
        pairs.append((votes[[0, 2]] / votes[[0, 2]].sum(axis=1, keepdims=True))[:, 0])
    assert np.corrcoef(np.transpose(pairs))[0, 1] > 0.08


def test_consensus_is_the_first_class_with_the_most_votes():
    votes = np.array([[0, 3, 3, 0, 0, 0], [0, 0, 0, 0, 1, 5], [2, 0, 0, 0, 0, 1]])
    assert consensus(votes) == ["LPD", "Other", "Seizure"]
