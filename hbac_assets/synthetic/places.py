"""The positions of labelled excerpts and moments in a recording.

Distributions were fitted to the competition's train.csv: number of moments and intervals between them by reader
population, number of EEGs in a recording and intervals between their starts.
"""

import numpy as np

from hbac_assets.signals.montage import EEG_WINDOW_SECONDS
from hbac_assets.signals.spectrogram_grid import SECONDS_PER_COLUMN, WINDOW_COLUMNS
from hbac_assets.synthetic.readers import Population

WINDOW_SECONDS = WINDOW_COLUMNS * SECONDS_PER_COLUMN
EEG_MIDDLE = EEG_WINDOW_SECONDS // 2
EEG_LEAD = (WINDOW_SECONDS - EEG_WINDOW_SECONDS) // 2
"""Seconds from the start of a spectrogram window to that of the EEG window with the same middle."""

MOMENTS_SPREAD = 1.05
"""Standard deviation of the logarithm of the number of moments of an excerpt."""
DENSE, STEP_CHANCES = 0.8, (0.6, 0.12)
"""Fraction of the excerpts with dense moments; probability that two are 2 s apart there, and in the others."""
LONGEST_SPAN, LONGEST_RECORDING = 1_000, 2_000
"""Bounds in seconds of an excerpt's offsets and of a recording, which is rendered at once."""

SEVERAL, NO_FURTHER, NO_FURTHER_WHERE_APPENDED = 0.2, 0.6, 0.4
"""Fraction of the recordings with several excerpts; probability after each further one that it is the last."""
BETWEEN_STARTS = (52, 600)
"""Seconds from the start of an excerpt to that of the next, log-uniform."""

APPENDED = 0.025
"""Fraction of the spectrogram files with several recordings appended."""
APPENDED_MEDIAN, APPENDED_SPREAD = 1.5, 0.9
"""The number of appended recordings: median and standard deviation of its logarithm."""
ODD_JOIN = 0.15
"""Fraction of these whose second recording begins at an odd second."""

Place = tuple[int, np.ndarray]
"""Start of an excerpt in seconds from that of the recording, and the even offsets of its moments."""


def draw_appended(rng: np.random.Generator, most: int) -> int:
    """Return the number of recordings appended to one, at most `most`."""
    number = int(np.ceil(rng.lognormal(np.log(APPENDED_MEDIAN), APPENDED_SPREAD)))
    return min(number, most) if rng.random() < APPENDED else 0


def draw_places(rng: np.random.Generator, population: Population, *, appended: bool) -> list[Place]:
    """Return the excerpts of one recording; there are more if it is one of several appended ones."""
    places = [(EEG_LEAD, _draw_offsets(rng, population))]
    if not appended and rng.random() > SEVERAL:
        return places
    for _ in range(rng.geometric(NO_FURTHER_WHERE_APPENDED if appended else NO_FURTHER)):
        start, offsets = places[-1]
        gap = 2 * round(np.exp(rng.uniform(*np.log(BETWEEN_STARTS))) / 2)
        further = (max(start + gap, start + int(offsets[-1]) + BETWEEN_STARTS[0]), _draw_offsets(rng, population))
        if recording_seconds([further]) > LONGEST_RECORDING:
            break
        places.append(further)
    return places


def recording_seconds(places: list[Place]) -> int:
    """Return the length of a recording that contains the windows around all moments of its excerpts."""
    start, offsets = places[-1]
    return start - EEG_LEAD + int(offsets[-1]) + WINDOW_SECONDS


def _draw_offsets(rng: np.random.Generator, population: Population) -> np.ndarray:
    """Return offsets in even seconds from 0 on: often one, sometimes hundreds."""
    if rng.random() < population.single:
        return np.array([0])
    moments = max(1, round(rng.lognormal(np.log(population.median_moments), MOMENTS_SPREAD)))
    chance = STEP_CHANCES[0] if rng.random() < DENSE else STEP_CHANCES[1]
    offsets = np.concatenate([[0], np.cumsum(2 * rng.geometric(chance, moments - 1))])
    return offsets[offsets <= LONGEST_SPAN]
