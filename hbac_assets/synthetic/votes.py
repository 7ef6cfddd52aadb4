"""Two rater populations: which recordings each is shown, how many vote, how they vote."""

from typing import Literal

import numpy as np

from hbac_assets.labels import CLASSES

Population = Literal["few", "many"]
"""Recordings with 1 to 7 votes, and with 10 to 28."""

MANY_VOTES_SHARE = 0.45
"""Of the training recordings. The test set is all of this kind."""

# Kinds of recording that each population is shown, in the order of `CLASSES`: the first was shown suspected
# seizures, the second an unselected mix. Readers' doubts flatten these shares somewhat; what comes out is
# close to the priors of the competition's table.
KIND_SHARES: dict[Population, tuple[float, ...]] = {
    "few": (0.48, 0.10, 0.07, 0.06, 0.07, 0.22),
    "many": (0.05, 0.20, 0.13, 0.09, 0.10, 0.43),
}
FEW_VOTES = np.array([0.15, 0.15, 0.52, 0.07, 0.05, 0.03, 0.03])
"""Shares of 1, 2, … 7 votes."""
MANY_VOTES = (10, 28)


def draw_vote_count(rng: np.random.Generator, population: Population) -> int:
    """Return how many experts vote on a recording."""
    if population == "few":
        return int(rng.choice(len(FEW_VOTES), p=FEW_VOTES)) + 1
    least, most = MANY_VOTES
    return least + int(rng.binomial(most - least, 0.35))


def draw_votes(rng: np.random.Generator, count: int, probabilities: np.ndarray) -> np.ndarray:
    """Return (rows, 6) votes for rows of one EEG in the order of time, from the (rows, 6) probabilities.

    Readers mark stretches rather than moments: the votes on a row hold for the following ones as long as the
    probabilities have not moved by more than a tenth of their mass.
    """
    votes: list[np.ndarray] = []
    marked = None
    for row in probabilities:
        if marked is None or np.abs(row - marked).sum() / 2 > 0.1:
            marked = row
            drawn = rng.multinomial(count, row)
        votes.append(drawn)
    return np.array(votes)


def consensus(votes: np.ndarray) -> list[str]:
    """Return the class with the most votes of each of the (rows, 6), the first of them in a tie."""
    return [CLASSES[index] for index in votes.argmax(axis=1)]
