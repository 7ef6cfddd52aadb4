"""The artifacts of a recording and their frequencies: eyes, muscle, heart, sweat, machines, electrodes, lost samples.

Physiological artifacts are in `body_artifacts`, those of the bedside in `bedside_artifacts`, of electrodes in
`bad_electrodes`. All of these functions modify an EEG in place.
"""

from collections.abc import Callable

import numpy as np

from hbac_assets.signals.montage import EEG_RATE, LABEL_SECONDS
from hbac_assets.synthetic.bad_electrodes import spoil_electrodes
from hbac_assets.synthetic.bedside_artifacts import add_line_noise, add_percussion, add_ventilator
from hbac_assets.synthetic.body_artifacts import (
    add_blinks,
    add_chewing,
    add_heart,
    add_movement,
    add_muscle,
    add_pulse,
    add_sweat,
)

FRACTIONS: dict[Callable[[np.random.Generator, np.ndarray], None], float] = {
    add_blinks: 0.3,
    add_muscle: 0.5,
    add_chewing: 0.06,
    add_movement: 0.2,
    add_sweat: 0.1,
    add_pulse: 0.08,
    add_ventilator: 0.06,
    add_percussion: 0.04,
    spoil_electrodes: 0.38,
}
"""Fraction of the recordings with each; heart and line noise are in all."""
SEEN_DESPITE = 0.6
"""Reduction of bad electrodes where readers see a pattern."""
LOST_SAMPLES = 0.08
"""Fraction of the recordings with lost samples."""


def add_artifacts(rng: np.random.Generator, eeg: np.ndarray, moments: np.ndarray, pattern: float = 0.0) -> None:
    """Add artifacts to an EEG (20, samples) in µV.

    Args:
        rng: of the artifacts and their times.
        eeg: modified in place.
        moments: the labelled seconds.
        pattern: probability that readers saw a pattern there; electrodes are then bad less often.
    """
    add_heart(rng, eeg)
    fractions = FRACTIONS | {spoil_electrodes: FRACTIONS[spoil_electrodes] * (1 - SEEN_DESPITE * pattern)}
    happens = rng.random(len(FRACTIONS)) < list(fractions.values())
    for add, occurs in zip(FRACTIONS, happens, strict=True):
        if occurs:
            add(rng, eeg)
    add_line_noise(rng, eeg)
    if rng.random() < LOST_SAMPLES:
        lose_samples(rng, eeg, moments)


def lose_samples(rng: np.random.Generator, eeg: np.ndarray, moments: np.ndarray) -> None:
    """Set runs of all rows to NaN, as if the amplifier paused: one soon after the last moment, others anywhere.

    Labelled seconds are left intact: nobody votes on missing signal.
    """
    lost = np.zeros(eeg.shape[1], bool)
    for start in (moments.max() + rng.uniform(6, 20), *rng.uniform(0, lost.size / EEG_RATE, rng.poisson(1.0))):
        first = int(start * EEG_RATE)
        lost[first : first + int(rng.uniform(1, 15) * EEG_RATE)] = True
    for moment in moments:
        lost[(moment - LABEL_SECONDS // 2) * EEG_RATE : (moment + LABEL_SECONDS // 2) * EEG_RATE] = False
    eeg[:, lost] = np.nan
