"""Bad electrodes: popping, drifting, saturating, polarised, disconnected, flat."""

from collections.abc import Callable

import numpy as np

from hbac_assets.signals.montage import EEG_RATE, ELECTRODES
from hbac_assets.synthetic.bedside_artifacts import line
from hbac_assets.synthetic.randomness import fluctuations, to_samples

WHOLE = 0.6
"""Fraction of the bad electrodes that are bad throughout; the others are for a minute or more."""
COUNTS = (0.55, 0.25, 0.12, 0.08)
"""Fractions of the affected recordings with 1, 2, … bad electrodes."""
LIMIT = 5_000.0
"""µV at which an amplifier saturates."""


def spoil_electrodes(rng: np.random.Generator, eeg: np.ndarray) -> None:
    """Spoil one or a few of the electrodes of (20, samples)."""
    rows = rng.choice(len(ELECTRODES), 1 + rng.choice(len(COUNTS), p=COUNTS), replace=False)
    for row in rows:
        spoil = list(KINDS)[rng.choice(len(KINDS), p=list(KINDS.values()))]
        samples = eeg.shape[1]
        length = samples if rng.random() < WHOLE else int(rng.uniform(0.1, 1) * samples)
        start = int(rng.integers(samples - length + 1))
        spoil(rng, eeg[row, start : start + length])


def pop(rng: np.random.Generator, signal: np.ndarray) -> None:
    """Add electrode pops: sudden steps that decay within a second."""
    samples = len(signal)
    count = rng.poisson(rng.uniform(0.05, 1.0) * samples / EEG_RATE)
    decay = np.exp(-np.arange(3 * EEG_RATE) / EEG_RATE / rng.uniform(0.1, 0.8))
    heights = rng.choice([-1, 1], count) * np.exp(rng.normal(np.log(300), 0.8, count))
    for at, height in zip(rng.integers(samples, size=count), heights, strict=True):
        part = signal[at : at + len(decay)]
        part += (height * decay[: len(part)]).astype(np.float32)


def drift(rng: np.random.Generator, signal: np.ndarray) -> None:
    """Add slow drifts of hundreds of µV, as from drying gel."""
    steps = 2 * (len(signal) // EEG_RATE + 1)
    swings = fluctuations(rng, 1, steps, rng.uniform(1, 5))[0]
    signal += to_samples(rng.uniform(200, 1_500) * swings, len(signal), rate=2)


def saturate(rng: np.random.Generator, signal: np.ndarray) -> None:
    """Replace by swings between the limits of the amplifier."""
    steps = 10 * (len(signal) // EEG_RATE + 1)
    swings = fluctuations(rng, 1, steps, rng.uniform(2, 15))[0]
    swings *= rng.uniform(0.3, 3) * LIMIT
    signal[:] = np.clip(to_samples(swings, len(signal), rate=10), -LIMIT, LIMIT)


def polarise(rng: np.random.Generator, signal: np.ndarray) -> None:
    """Add a large offset that changes over minutes."""
    steps = len(signal) // EEG_RATE + 1
    offset = rng.choice([-1, 1]) * rng.uniform(600, 3_000) + 100 * fluctuations(rng, 1, steps, 30)[0]
    signal += to_samples(offset, len(signal))


def disconnect(rng: np.random.Generator, signal: np.ndarray) -> None:
    """Replace by the signal of a disconnected electrode: line noise and an offset."""
    signal[:] = rng.normal(0, 50) + np.float32(rng.uniform(5, 60)) * line(rng, len(signal))


def flatten(rng: np.random.Generator, signal: np.ndarray) -> None:
    """Replace by zeros, as if the channel were missing."""
    signal[:] = 0


KINDS: dict[Callable[[np.random.Generator, np.ndarray], None], float] = {
    pop: 0.17,
    drift: 0.15,
    saturate: 0.24,
    polarise: 0.31,
    disconnect: 0.07,
    flatten: 0.06,
}
"""The faults of bad electrodes, with their fractions."""
