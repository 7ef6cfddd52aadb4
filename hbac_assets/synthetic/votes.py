"""The votes of a panel of experts on the labelled moments of an EEG, and their expected fractions."""

import numpy as np

from hbac_assets.labels import CLASSES
from hbac_assets.synthetic.readers import EXPERTS, Population, expert_probabilities

STRETCH = 0.25
"""Change of the expected fractions (total variation) after which the EEG is read again."""


def draw_votes(rng: np.random.Generator, population: Population, log_odds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return votes (moments, 6) on one EEG, and their expected fractions (moments, 6).

    Experts mark stretches rather than moments, so that all moments of a stretch have the same votes. An EEG has the
    same experts in all stretches, as far as their number allows.

    Args:
        rng: of the recording.
        population: the group that reads the EEG.
        log_odds: (moments, 6) of the classes, in temporal order.
    """
    opinions = expert_probabilities(log_odds, population.certainty)
    panel = rng.permutation(EXPERTS)
    votes, expected = np.zeros(log_odds.shape, int), np.zeros(log_odds.shape)
    for stretch in stretches(opinions.mean(axis=1)):
        opinion = opinions[stretch].mean(axis=0)
        voting = panel[: population.draw_vote_count(rng)]
        choices = (rng.random((len(voting), 1)) > opinion[voting].cumsum(axis=1)[:, :-1]).sum(axis=1)
        votes[stretch] = np.bincount(choices, minlength=len(CLASSES))
        expected[stretch] = opinion.mean(axis=0)
    return votes, expected


def stretches(probabilities: np.ndarray) -> list[slice]:
    """Return runs of the (moments, 6) that stay within `STRETCH` of their first."""
    starts = [0]
    for index, moment in enumerate(probabilities):
        if np.abs(moment - probabilities[starts[-1]]).sum() / 2 > STRETCH:
            starts.append(index)
    return [slice(start, end) for start, end in zip(starts, [*starts[1:], len(probabilities)], strict=True)]


def consensus(votes: np.ndarray) -> list[str]:
    """Return the class with the most of the (moments, 6) votes, the first of them in a tie."""
    return [CLASSES[index] for index in votes.argmax(axis=1)]
