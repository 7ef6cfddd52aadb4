"""The latent state of a recording: the pattern, its course, and the probabilities of readers' votes.

Patterns are described in the terms of the American Clinical Neurophysiology Society's Standardized Critical
Care EEG Terminology, 2021 version (Hirsch et al., J Clin Neurophysiol 38:1-29): main term 1 says where
(lateralised or generalised), main term 2 what (periodic discharges or rhythmic delta activity), and modifiers
say how often, how large and whether it evolves. How the state looks on the scalp belongs to `patterns`.
"""

from dataclasses import dataclass

import numpy as np

from hbac_assets.labels import CLASSES
from hbac_assets.signals.montage import LABEL_SECONDS
from hbac_assets.synthetic.randomness import fluctuations

# Each recording has a kind, one of the classes. Each latent is on a scale on which readers are divided at 0; the kind
# sets its mean, and recordings scatter around it, which also gives ambiguous recordings. Strength is the logarithm of
# the amplitude, relative to that recognised by half of the readers.
# Means, spreads and slopes were fitted together to the votes of ten and more experts in the competition's train.csv:
# mean fractions by consensus, their entropy, and the frequency of agreement.
LATENTS = ("strength", "evolution", "laterality", "periodicity")
KIND_MEANS = {
    "Seizure": (1.2, 0.75, -0.1, 0.7),
    "LPD": (0.76, -2.2, 3.3, 2.0),
    "GPD": (0.68, -2.2, -1.9, 2.9),
    "LRDA": (0.17, -2.2, 2.4, -1.7),
    "GRDA": (0.28, -2.2, -2.7, -0.9),
    "Other": (-0.47, -2.2, 0.0, -0.2),
}
SPREAD = np.array([0.52, 0.9, 1.5, 1.2])
DRIFT, DRIFT_SECONDS = np.array([0.2, 0.2, 0.3, 0.3]), 60.0

# Amplitude and frequency also fluctuate within seconds; standard deviations of their natural logarithms.
WAVER_SECONDS, AMPLITUDE_WAVER, FREQUENCY_WAVER = 5.0, 0.2, 0.06

# The slopes of readers' agreement with the strength of discharges, that of rhythmic waves, and each other latent.
# Delta activity is harder to distinguish from a slow background than discharges are.
STRENGTH_SLOPE_PERIODIC, STRENGTH_SLOPE_RHYTHMIC, ODDS_SLOPE = 3.2, 1.75, 2.0
SMALLEST = 1e-9
"""Lower bound of probabilities before the logarithm."""

# Episodes, in seconds: (shortest, longest) of stationary and of evolving ones; then the pause after them.
STATIONARY_SECONDS = (30.0, 1500.0)
EVOLVING_SECONDS = (40.0, 160.0)
PAUSE_SECONDS = (60.0, 400.0)
EDGE_SECONDS = 3.0
MOMENT_IN_EPISODE = (0.3, 0.75)

PERIODIC_HZ, RHYTHMIC_HZ, FREQUENCY_SPREAD = (1.22, 0.91), 1.32, 0.36
"""Medians for generalised and lateralised periodic discharges; standard deviation of their logarithm."""
SWEEP = 1.4
"""Natural logarithm of the ratio of onset to final frequency in fully evolving episodes."""


@dataclass(frozen=True)
class Course:
    """The state of a recording, one value a second; each array is (seconds,).

    Attributes:
        amplitude: of the pattern, relative to that recognised by half of the readers; 0 between episodes.
        evolution: 0 stationary to 1 fully evolving in frequency, amplitude and location.
        laterality: 0 symmetric to 1 unilateral.
        periodicity: 0 rhythmic waves to 1 separate discharges.
        frequency: repetition rate in Hz.
        progress: elapsed fraction of the present episode.
    """

    amplitude: np.ndarray
    evolution: np.ndarray
    laterality: np.ndarray
    periodicity: np.ndarray
    frequency: np.ndarray
    progress: np.ndarray

    def log_odds(self, moments: np.ndarray) -> np.ndarray:
        """Return (moments, 6): readers' log-odds for the labelled seconds around each of the moments, given in s."""
        half = LABEL_SECONDS // 2
        seconds = moments[:, None] + np.arange(-half, half)
        states = (self.amplitude, self.evolution, self.laterality, self.periodicity)
        return class_log_odds(*(state[seconds].mean(axis=1) for state in states))


def class_probabilities(course: Course) -> np.ndarray:
    """Return (seconds, 6): the class probabilities of an unbiased reader for each second."""
    from scipy.special import softmax

    states = (course.amplitude, course.evolution, course.laterality, course.periodicity)
    return np.asarray(softmax(class_log_odds(*states), axis=1))


def draw_course(rng: np.random.Generator, kind: str, seconds: int, moment: int, prominence: float = 0.0) -> Course:
    """Draw the course of a recording of a kind, with an episode at the moment (in seconds).

    Args:
        rng: of the recording.
        kind: one of the classes.
        seconds: length of the recording.
        moment: a time within an episode.
        prominence: added to the mean strength of patterns; not for "Other".
    """
    from scipy.special import expit

    level = KIND_MEANS[kind] + SPREAD * rng.standard_normal(len(LATENTS))
    if kind != "Other":
        level[0] += prominence
    drift = DRIFT[:, None] * fluctuations(rng, len(LATENTS), seconds, DRIFT_SECONDS)
    strength, *odds = level[:, None] + drift
    amplitude_waver, frequency_waver = fluctuations(rng, 2, seconds, WAVER_SECONDS)
    evolution, laterality, periodicity = expit(ODDS_SLOPE * np.array(odds))
    envelope, progress = _episodes(rng, float(evolution.mean()), seconds, moment)
    amplitude = envelope * np.exp(strength + AMPLITUDE_WAVER * amplitude_waver)
    frequency = _frequency(rng, evolution, laterality, periodicity, progress)
    return Course(
        amplitude=amplitude,
        evolution=evolution,
        laterality=laterality,
        periodicity=periodicity,
        frequency=frequency * np.exp(FREQUENCY_WAVER * frequency_waver),
        progress=progress,
    )


def class_log_odds(
    amplitude: np.ndarray, ictal: np.ndarray, lateralised: np.ndarray, periodic: np.ndarray
) -> np.ndarray:
    """Return (…, 6) from a reader's successive decisions: pattern or not, seizure or not, where, what.

    Args:
        amplitude: of the pattern, relative to that recognised by half of the readers.
        ictal: probability that a pattern is called a seizure.
        lateralised: probability that any other pattern is called lateralised, not generalised.
        periodic: probability that it is called periodic, not rhythmic.

    Returns:
        The logarithm of the probability of each class in the order of `CLASSES`, for a reader without a preference.
    """
    recognisable = amplitude ** (periodic * STRENGTH_SLOPE_PERIODIC + (1 - periodic) * STRENGTH_SLOPE_RHYTHMIC)
    present = recognisable / (1 + recognisable)
    interictal = present * (1 - ictal)
    probabilities = {
        "Seizure": present * ictal,
        "LPD": interictal * lateralised * periodic,
        "GPD": interictal * (1 - lateralised) * periodic,
        "LRDA": interictal * lateralised * (1 - periodic),
        "GRDA": interictal * (1 - lateralised) * (1 - periodic),
        "Other": 1 - present,
    }
    return np.asarray(np.log(np.maximum(np.stack([probabilities[name] for name in CLASSES], axis=-1), SMALLEST)))


def _episodes(rng: np.random.Generator, evolution: float, seconds: int, moment: int) -> tuple[np.ndarray, np.ndarray]:
    """Return envelope and progress (seconds,) of recurring episodes; evolving ones grow and are shorter."""
    stationary, evolving = np.log(rng.uniform(*STATIONARY_SECONDS)), np.log(rng.uniform(*EVOLVING_SECONDS))
    duration = np.exp((1 - evolution) * stationary + evolution * evolving)
    onset = moment - rng.uniform(*MOMENT_IN_EPISODE) * duration
    since_onset = np.mod(np.arange(seconds) - onset, duration + rng.uniform(*PAUSE_SECONDS))
    progress = np.minimum(since_onset / duration, 1)
    edges = np.clip(np.minimum(since_onset, duration - since_onset) / EDGE_SECONDS, 0, 1)
    return edges * progress ** (0.5 * evolution), progress


def _frequency(
    rng: np.random.Generator,
    evolution: np.ndarray,
    laterality: np.ndarray,
    periodicity: np.ndarray,
    progress: np.ndarray,
) -> np.ndarray:
    """Return (seconds,) in Hz: stationary around its base, or falling towards it in evolving episodes."""
    own = FREQUENCY_SPREAD * rng.standard_normal()
    generalised, lateralised = np.log(PERIODIC_HZ)
    periodic = generalised + (lateralised - generalised) * laterality
    base = periodicity * periodic + (1 - periodicity) * np.log(RHYTHMIC_HZ) + own
    return np.asarray(np.exp(base + SWEEP * evolution * (1 - progress)))
