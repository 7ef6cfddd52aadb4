"""The latent state of a recording: what is in the brain, how it changes, and what readers call it.

Patterns are described in the terms of the American Clinical Neurophysiology Society's Standardized Critical
Care EEG Terminology, 2021 version (Hirsch et al., J Clin Neurophysiol 38:1-29): main term 1 says where
(lateralised or generalised), main term 2 what (periodic discharges or rhythmic delta activity), and modifiers
say how often, how large and whether it evolves. How the state looks on the scalp belongs to `patterns`.
"""

from dataclasses import dataclass

import numpy as np

from hbac_assets.labels import CLASSES
from hbac_assets.synthetic.randomness import fluctuations

# A recording is drawn towards one of the classes. Each latent is a number on a scale on which readers are
# divided at 0; a kind sets its mean, and recordings spread around it, so that doubtful recordings arise by
# themselves. Strength is the logarithm of the amplitude, relative to what half of the readers recognise.
LATENTS = ("strength", "evolution", "laterality", "periodicity")
KIND_MEANS = {
    "Seizure": (1.3, 2.2, 0.8, 0.0),
    "LPD": (0.9, -2.0, 2.0, 2.0),
    "GPD": (0.9, -2.0, -2.0, 2.0),
    "LRDA": (0.9, -2.0, 2.0, -2.0),
    "GRDA": (0.9, -2.0, -2.0, -2.0),
    "Other": (-1.3, -2.0, 0.0, 0.0),
}
SPREAD = np.array([0.45, 0.8, 0.9, 0.9])
DRIFT, DRIFT_SECONDS = np.array([0.2, 0.2, 0.4, 0.4]), 60.0

# Amplitude and frequency also waver within seconds; standard deviations of their natural logarithms.
WAVER_SECONDS, AMPLITUDE_WAVER, FREQUENCY_WAVER = 5.0, 0.2, 0.06

# How sharply readers agree as strength, and as each of the others, leaves 0; how often one marks at random.
READERS_STRENGTH, READERS_ODDS, LAPSE_RATE = 3.0, 1.5, 0.02
LABELLED_SECONDS = 10
"""A label belongs to so many seconds around the labelled moment."""

# Episodes, in seconds: (shortest, longest) of what does not evolve and of what does; then the pause after it.
STATIONARY_SECONDS = (30.0, 1500.0)
EVOLVING_SECONDS = (40.0, 160.0)
PAUSE_SECONDS = (60.0, 400.0)
EDGE_SECONDS = 3.0
MOMENT_IN_EPISODE = (0.3, 0.75)

PERIODIC_HZ, RHYTHMIC_HZ, FREQUENCY_SPREAD = (1.25, 0.95), 1.27, 0.36
"""Medians, of generalised and of lateralised periodic discharges; deviation of the logarithm between recordings."""
SWEEP = 1.4
"""Natural logarithm of onset frequency over final frequency in what evolves fully."""


@dataclass(frozen=True)
class Course:
    """The state of a recording, one value a second; each array is (seconds,).

    Attributes:
        amplitude: of the pattern, relative to what half of the readers recognise; 0 between episodes.
        evolution: 0 stationary to 1 fully evolving in frequency, amplitude and place.
        laterality: 0 both hemispheres alike to 1 one hemisphere alone.
        periodicity: 0 rhythmic waves to 1 separate discharges.
        frequency: repetition rate in Hz.
        progress: share of the running episode that has passed.
        probabilities: (seconds, 6), of each class in the vote of a reader.
    """

    amplitude: np.ndarray
    evolution: np.ndarray
    laterality: np.ndarray
    periodicity: np.ndarray
    frequency: np.ndarray
    progress: np.ndarray
    probabilities: np.ndarray

    def label_probabilities(self, moment: int) -> np.ndarray:
        """Return (6,): the mean over the labelled seconds around a moment in seconds."""
        half = LABELLED_SECONDS // 2
        return np.asarray(self.probabilities[moment - half : moment + half].mean(axis=0))


def draw_course(rng: np.random.Generator, kind: str, seconds: int, moment: int) -> Course:
    """Draw the course of a recording of a kind; an episode runs at the moment (in seconds)."""
    from scipy.special import expit

    level = KIND_MEANS[kind] + SPREAD * rng.standard_normal(len(LATENTS))
    drift = DRIFT[:, None] * fluctuations(rng, len(LATENTS), seconds, DRIFT_SECONDS)
    strength, *odds = level[:, None] + drift
    amplitude_waver, frequency_waver = fluctuations(rng, 2, seconds, WAVER_SECONDS)
    evolution, laterality, periodicity = expit(READERS_ODDS * np.array(odds))
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
        probabilities=class_probabilities(amplitude, evolution, laterality, periodicity),
    )


def class_probabilities(
    amplitude: np.ndarray, ictal: np.ndarray, lateralised: np.ndarray, periodic: np.ndarray
) -> np.ndarray:
    """Return (…, 6) from the decisions of a reader in turn: is there a pattern, a seizure, where, what.

    Args:
        amplitude: of the pattern, relative to what half of the readers recognise.
        ictal: probability that a pattern is called a seizure.
        lateralised: probability that another pattern is called lateralised, not generalised.
        periodic: probability that it is called periodic, not rhythmic.
    """
    present = amplitude**READERS_STRENGTH / (1 + amplitude**READERS_STRENGTH)
    interictal = present * (1 - ictal)
    probabilities = {
        "Seizure": present * ictal,
        "LPD": interictal * lateralised * periodic,
        "GPD": interictal * (1 - lateralised) * periodic,
        "LRDA": interictal * lateralised * (1 - periodic),
        "GRDA": interictal * (1 - lateralised) * (1 - periodic),
        "Other": 1 - present,
    }
    attentive = np.stack([probabilities[name] for name in CLASSES], axis=-1)
    return (1 - LAPSE_RATE) * attentive + LAPSE_RATE / len(CLASSES)


def _episodes(rng: np.random.Generator, evolution: float, seconds: int, moment: int) -> tuple[np.ndarray, np.ndarray]:
    """Return envelope and progress (seconds,) of episodes that recur; what evolves grows and is shorter."""
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
    """Return (seconds,) in Hz: stationary around its base, or falling towards it in what evolves."""
    own = FREQUENCY_SPREAD * rng.standard_normal()
    generalised, lateralised = np.log(PERIODIC_HZ)
    periodic = generalised + (lateralised - generalised) * laterality
    base = periodicity * periodic + (1 - periodicity) * np.log(RHYTHMIC_HZ) + own
    return np.asarray(np.exp(base + SWEEP * evolution * (1 - progress)))
