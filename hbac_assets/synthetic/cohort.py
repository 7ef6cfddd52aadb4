"""The distribution of recordings over patients, and the similarity of a patient's recordings.

Both are stratified over the cohort instead of drawn independently, so that a set of a few hundred patients has the
class mix and the largest patients of a larger one.
"""

import numpy as np

SIZE_SPREAD = 1.15
"""Standard deviation of the logarithm of the number of recordings beyond a patient's first."""
HABIT = 0.97
"""Fraction of a patient's recordings of its usual kind."""


def cohort_sizes(recordings: int, patients: int) -> np.ndarray:
    """Return (patients,): the number of recordings of each, at least one, log-normal beyond the first."""
    from scipy.stats import norm

    further = np.exp(SIZE_SPREAD * norm.ppf((np.arange(patients) + 0.5) / patients))
    ends = np.cumsum(1 + (recordings - patients) * further / further.sum())
    return np.diff(np.round(ends), prepend=0).astype(int)


def usual_positions(rng: np.random.Generator, sizes: np.ndarray) -> np.ndarray:
    """Return (patients,): each patient's position in [0, 1) along the kinds of recording (`readers.Population.kind`).

    Patients are in random order, each with a width in proportion to its number of recordings.
    """
    order = rng.permutation(len(sizes))
    widths = sizes[order] / sizes.sum()
    positions = np.empty(len(sizes))
    positions[order] = np.cumsum(widths) - widths / 2
    return positions


def draw_position(rng: np.random.Generator, usual: float) -> float:
    """Return the position of one recording along the kinds: its patient's, or any."""
    anywhere = rng.random()
    return usual if rng.random() < HABIT else anywhere
