"""Artifacts of the bedside: line noise, the ventilator, chest percussion."""

import numpy as np

from hbac_assets.signals.montage import EEG_COLUMNS, EEG_RATE, ELECTRODES
from hbac_assets.synthetic.head import POSITIONS
from hbac_assets.synthetic.randomness import fluctuations, some_stretch, to_samples

LINE_HZ = (60.0, 50.0)
LINE_50_HZ = 0.07
"""Fraction of the recordings from countries with 50 Hz."""
LINE_LEVEL, LINE_SPREAD, CONTACT_SPREAD = 4.5, 0.9, 0.6
"""Median amplitude in µV; standard deviations of its logarithm between recordings and between electrodes."""


def add_line_noise(rng: np.random.Generator, eeg: np.ndarray) -> None:
    """Add line noise of 60 or 50 Hz to each row, of log-normal amplitude."""
    level = LINE_LEVEL * np.exp(LINE_SPREAD * rng.standard_normal())
    amplitude = level * np.exp(CONTACT_SPREAD * rng.standard_normal(len(EEG_COLUMNS)))
    eeg += amplitude.astype(np.float32)[:, None] * line(rng, eeg.shape[1])


def line(rng: np.random.Generator, samples: int) -> np.ndarray:
    """Return (samples,) float32: a sine of unit amplitude at the line frequency."""
    frequency = LINE_HZ[int(rng.random() < LINE_50_HZ)]
    # A second has a whole number of cycles.
    angle = 2 * np.pi * frequency / EEG_RATE * np.arange(EEG_RATE) + rng.uniform(0, 2 * np.pi)
    return np.resize(np.sin(angle).astype(np.float32), samples)


def add_ventilator(rng: np.random.Generator, eeg: np.ndarray) -> None:
    """Add cable movement with a ventilator's breaths, 12 to 24 a minute, and water bubbling in its tube."""
    samples = eeg.shape[1]
    breath = np.sin(2 * np.pi * rng.uniform(0.2, 0.4) / EEG_RATE * np.arange(samples))
    inspiration = np.maximum(breath, 0) ** 3
    bubbles = 0.15 * np.sin(2 * np.pi * rng.uniform(5, 12) / EEG_RATE * np.arange(samples))
    rows = rng.choice(len(ELECTRODES), rng.integers(3, 10), replace=False)
    heights = rng.choice([-1, 1]) * rng.uniform(10, 60, (len(rows), 1))
    eeg[rows] += (heights * (inspiration * (1 + bubbles))).astype(np.float32)


def add_percussion(rng: np.random.Generator, eeg: np.ndarray) -> None:
    """Add chest percussion: runs of 3 to 6 Hz in the electrodes under the head, which resemble a rhythmic pattern."""
    samples = eeg.shape[1]
    frequency = rng.uniform(3, 6) * np.exp(0.05 * fluctuations(rng, 1, samples // EEG_RATE + 1, 3)[0])
    angle = 2 * np.pi * np.cumsum(to_samples(frequency, samples), dtype=np.float64) / EEG_RATE
    start, length = some_stretch(rng, samples, 20, 120)
    run = np.sin(angle) + 0.4 * np.sin(2 * angle + 1)
    run = run[start : start + length] * np.minimum(1, 8 * np.hanning(length))
    lying = np.array([max(0.0, 0.2 - POSITIONS[name][1]) for name in ELECTRODES])
    heights = rng.uniform(20, 90) * lying * rng.uniform(0.5, 1.5, len(ELECTRODES))
    eeg[: len(ELECTRODES), start : start + length] += (heights[:, None] * run).astype(np.float32)
