"""The voting experts: the EEGs shown to each group, and each expert's individual thresholds.

The competition's EEGs were read by three groups of experts, which differ in the number of votes. An EEG is read by a
random panel of one fixed pool, so that the expected vote fraction is exactly the mean over the pool.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from hbac_assets.labels import CLASSES

EXPERTS = 128
THRESHOLD_SD = (0.57, 0.42, 0.39, 0.70, 0.78, 0.72)
"""Standard deviation over the experts of their log-odds bias for each class."""
LAPSE_RATE = 0.01
"""Probability of a random vote."""


@dataclass(frozen=True)
class Population:
    """A group of experts and its EEGs; fractions were fitted to the competition's train.csv.

    Attributes:
        name: the range of votes per EEG.
        fraction: of the training EEGs that it read.
        kinds: (6,) frequency of each kind of recording.
        least_votes: the minimum per EEG.
        votes: fractions of the EEGs with that number of votes, one more, and so on.
        prominence: excess of the mean pattern strength over `latents.KIND_MEANS`.
        certainty: factor on the experts' log-odds; above 1 if they confer.
        single: fraction of its EEGs with a single labelled moment.
        median_moments: median number of labelled moments of the other EEGs.
    """

    name: str
    fraction: float
    kinds: tuple[float, ...]
    least_votes: int
    votes: tuple[float, ...]
    prominence: float
    certainty: float
    single: float
    median_moments: float

    def draw_vote_count(self, rng: np.random.Generator) -> int:
        """Return the number of votes."""
        votes = np.array(self.votes)
        return self.least_votes + int(rng.choice(len(votes), p=votes / votes.sum()))

    def kind(self, position: float) -> str:
        """Return the kind at a position in [0, 1), where each kind has the width of its fraction."""
        ends = np.cumsum(self.kinds) / sum(self.kinds)
        return CLASSES[min(int(np.searchsorted(ends, position, side="right")), len(CLASSES) - 1)]


ONE_OR_TWO = Population(
    name="< 3",
    fraction=0.29,
    kinds=(0.042, 0.16, 0.15, 0.01, 0.12, 0.518),
    least_votes=1,
    votes=(0.64, 0.36),
    prominence=0.0,
    certainty=2.0,
    single=0.88,
    median_moments=5.0,
)
FEW = Population(
    name="3-9",
    fraction=0.39,
    kinds=(0.55, 0.06, 0.01, 0.08, 0.24, 0.06),
    least_votes=3,
    votes=(0.857, 0.057, 0.069, 0.016, 0.001),
    prominence=0.6,
    certainty=2.5,
    single=0.0,
    median_moments=5.5,
)
MANY = Population(
    name="≥ 10",
    fraction=0.32,
    kinds=(0.05, 0.215, 0.12, 0.036, 0.12, 0.459),
    least_votes=10,
    votes=(
        0.017, 0.053, 0.119, 0.191, 0.112, 0.249, 0.087, 0.054, 0.054, 0.011,
        0.036, 0.009, 0.004, 0.002, 0.001, 0.001, 0.0005, 0.0005, 0.0005,
    ),
    prominence=0.0,
    certainty=1.0,
    single=0.06,
    median_moments=4.4,
)  # fmt: skip
POPULATIONS = (ONE_OR_TWO, FEW, MANY)


def draw_population(rng: np.random.Generator) -> Population:
    """Return the group that reads a recording of the training set; the test set is read by `MANY`."""
    fractions = np.array([population.fraction for population in POPULATIONS])
    return POPULATIONS[rng.choice(len(POPULATIONS), p=fractions / fractions.sum())]


@cache
def thresholds() -> np.ndarray:
    """Return (EXPERTS, 6): log-odds that each expert adds to each class, of mean 0 and standard deviation as stated."""
    from scipy.stats import norm, qmc

    # Low-discrepancy points: even a small pool samples the six normal distributions well.
    drawn = norm.ppf(qmc.Sobol(len(CLASSES), seed=0).random(EXPERTS))
    standard = (drawn - drawn.mean(axis=0)) / drawn.std(axis=0)
    return np.asarray(standard * THRESHOLD_SD)


def expert_probabilities(log_odds: np.ndarray, certainty: float) -> np.ndarray:
    """Return (moments, EXPERTS, 6): the probability of each expert's vote for each class.

    Args:
        log_odds: (moments, 6) of the classes, without any expert's thresholds.
        certainty: of the population.
    """
    from scipy.special import softmax

    attentive = softmax(certainty * log_odds[:, None] + thresholds(), axis=-1)
    return np.asarray((1 - LAPSE_RATE) * attentive + LAPSE_RATE / len(CLASSES))
