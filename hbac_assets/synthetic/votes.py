"""Two rater populations: which recordings each is shown, how many experts vote, and how."""

from typing import Literal

import numpy as np

from hbac_assets.labels import CLASSES

Population = Literal["few", "many"]
"""Recordings with 1 to 7 votes, and with 10 to 28."""

MANY_SHARE = 0.45
"""Of the training recordings. The test set is all of this kind."""

# Kinds of recording that each population is shown, in the order of `CLASSES`: the first was shown suspected
# seizures, the second an unselected mix. Readers' doubts flatten these shares; what comes out is close to the class
# priors of the competition's table.
KIND_SHARES = {
    "few": (0.66, 0.07, 0.05, 0.04, 0.05, 0.13),
    "many": (0.02, 0.26, 0.16, 0.09, 0.09, 0.38),
}

FEW_VOTES = (0.15, 0.15, 0.52, 0.07, 0.05, 0.03, 0.03)
"""Shares of 1, 2, … 7 votes."""
LEAST_MANY, MOST_MANY, PRESENT = 10, 28, 0.35
"""Votes of the second population: the least, the most, and the chance that each of the others votes too."""

STRETCH = 0.15
"""How far (total variation) the probabilities may move before readers see another stretch of EEG."""


def draw_population(rng: np.random.Generator) -> Population:
    """Return who votes on a recording."""
    return "many" if rng.random() < MANY_SHARE else "few"


def kind_shares(population: Population) -> np.ndarray:
    """Return (6,): how often a population is shown each kind of recording."""
    return np.array(KIND_SHARES[population])


def draw_vote_count(rng: np.random.Generator, population: Population) -> int:
    """Return how many experts vote on a recording."""
    if population == "few":
        return 1 + int(rng.choice(len(FEW_VOTES), p=FEW_VOTES))
    return LEAST_MANY + int(rng.binomial(MOST_MANY - LEAST_MANY, PRESENT))


def draw_votes(rng: np.random.Generator, count: int, probabilities: np.ndarray) -> np.ndarray:
    """Return (moments, 6) votes on the moments of one EEG in the order of time, from (moments, 6) probabilities.

    Experts mark stretches rather than moments: the votes on a moment hold for those after it until the state of the
    EEG has changed by more than `STRETCH`.
    """
    marked = probabilities[0]
    votes = [rng.multinomial(count, marked)]
    for moment in probabilities[1:]:
        if np.abs(moment - marked).sum() / 2 > STRETCH:
            marked = moment
            votes.append(rng.multinomial(count, marked))
        else:
            votes.append(votes[-1])
    return np.stack(votes)


def consensus(votes: np.ndarray) -> list[str]:
    """Return the class with the most of the (moments, 6) votes, the first of them in a tie."""
    return [CLASSES[index] for index in votes.argmax(axis=1)]
