"""The plan of a data set: patients, their recordings, the excerpts and moments that experts labelled.

Everything but the samples themselves is drawn here, so that the plan of a whole set takes a second and any of its
recordings can be rendered alone.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from hbac_assets.labels import CLASSES
from hbac_assets.signals.montage import EEG_WINDOW_SECONDS
from hbac_assets.signals.spectrogram_grid import SECONDS_PER_COLUMN, WINDOW_COLUMNS
from hbac_assets.synthetic.background import Background, draw_background
from hbac_assets.synthetic.latents import Course, draw_course
from hbac_assets.synthetic.randomness import Ids, Purpose, stream
from hbac_assets.synthetic.settings import SyntheticSettings
from hbac_assets.synthetic.votes import draw_population, draw_vote_count, draw_votes, kind_shares

Split = Literal["train", "test"]

WINDOW_SECONDS = WINDOW_COLUMNS * SECONDS_PER_COLUMN
EEG_MIDDLE = EEG_WINDOW_SECONDS // 2
EEG_LEAD = (WINDOW_SECONDS - EEG_WINDOW_SECONDS) // 2
"""An EEG window begins so many seconds after the spectrogram window with the same middle."""

LONGEST_OFFSET = 40
ROWS_END_RATE, MOST_ROWS = 0.28, 16
"""Chance that an excerpt has no further labelled moment, and the most it can have."""
SECOND_EXCERPT_SHARE, SECOND_EXCERPT_AFTER = 0.25, (100, 300)
"""Share of the training recordings with a second excerpt, and how many seconds after the first it begins."""
PREFERENCE_SPREAD, SIZE_SPREAD = 0.7, 1.0
"""How unlike patients are: deviation of the logarithm of the share of each kind, and of the number of recordings."""


@dataclass(frozen=True)
class Patient:
    """One patient: an id, a background, and how much more often than in others each kind is seen."""

    id: int
    background: Background
    preference: np.ndarray


@dataclass(frozen=True)
class Excerpt:
    """A labelled piece of EEG within a recording; the arrays have one entry for each labelled moment.

    Attributes:
        eeg_id: names its file.
        start: seconds from the start of the recording.
        offsets: even seconds from the start of the excerpt to the EEG windows.
        votes: (moments, 6)
        probabilities: (moments, 6), what the votes were drawn from.
        label_ids: (moments,)
    """

    eeg_id: int
    start: int
    offsets: np.ndarray
    votes: np.ndarray
    probabilities: np.ndarray
    label_ids: np.ndarray

    @property
    def seconds(self) -> int:
        """Its length: up to the end of the last EEG window."""
        return int(self.offsets[-1]) + EEG_WINDOW_SECONDS

    @property
    def middles(self) -> np.ndarray:
        """The labelled moments, in seconds from the start of the recording."""
        return self.start + self.offsets + EEG_MIDDLE

    @property
    def spectrogram_offsets(self) -> np.ndarray:
        """Seconds from the start of the recording to the spectrogram windows with the same middles."""
        return self.offsets + (self.start - EEG_LEAD)


@dataclass(frozen=True)
class Recording:
    """One recording: the latent state over the seconds of its spectrogram, and what was labelled in it."""

    seed: int
    split: Split
    index: int
    spectrogram_id: int
    patient: Patient
    course: Course
    excerpts: tuple[Excerpt, ...]

    @property
    def seconds(self) -> int:
        """Its length: up to the end of the last spectrogram window."""
        return len(self.course.amplitude)


def plan(settings: SyntheticSettings) -> list[Recording]:
    """Return the recordings of the training set, then those of the test set; the same for the same settings."""
    ids = Ids(settings.seed, most=2 * MOST_ROWS * (settings.recordings + settings.test_recordings))
    train = _plan_split("train", settings.seed, settings.recordings, settings.patients, ids)
    return train + _plan_split("test", settings.seed, settings.test_recordings, settings.test_patients, ids)


def _plan_split(split: Split, seed: int, recordings: int, patients: int, ids: Ids) -> list[Recording]:
    rng = stream(seed, Purpose.TRAIN_PATIENTS if split == "train" else Purpose.TEST_PATIENTS)
    cohort = [_draw_patient(rng, ids) for _ in range(patients)]
    sizes = np.exp(SIZE_SPREAD * rng.standard_normal(patients))
    further = rng.choice(patients, recordings - patients, p=sizes / sizes.sum())
    owners = rng.permutation(np.concatenate([np.arange(patients), further]))
    return [_draw_recording(split, seed, index, cohort[owner], ids) for index, owner in enumerate(owners)]


def _draw_patient(rng: np.random.Generator, ids: Ids) -> Patient:
    preference = np.exp(PREFERENCE_SPREAD * rng.standard_normal(len(CLASSES)))
    return Patient(ids.patient(), draw_background(rng), preference)


def _draw_recording(split: Split, seed: int, index: int, patient: Patient, ids: Ids) -> Recording:
    rng = stream(seed, Purpose.TRAIN_RECORDING if split == "train" else Purpose.TEST_RECORDING, index)
    population = draw_population(rng) if split == "train" else "many"
    shares = kind_shares(population) * patient.preference
    kind = CLASSES[rng.choice(len(CLASSES), p=shares / shares.sum())]

    places = _draw_places(rng) if split == "train" else [(EEG_LEAD, np.array([0]))]
    last_start, last_offsets = places[-1]
    seconds = last_start - EEG_LEAD + int(last_offsets[-1]) + WINDOW_SECONDS
    first_offsets = places[0][1]
    course = draw_course(rng, kind, seconds, moment=(WINDOW_SECONDS + int(first_offsets[-1])) // 2)

    votes = draw_vote_count(rng, population)
    excerpts = tuple(_draw_excerpt(rng, course, start, offsets, votes, ids) for start, offsets in places)
    return Recording(seed, split, index, ids.spectrogram(), patient, course, excerpts)


def _draw_places(rng: np.random.Generator) -> list[tuple[int, np.ndarray]]:
    """Return start and offsets of one excerpt, or of two."""
    places = [(EEG_LEAD, _draw_offsets(rng))]
    if rng.random() < SECOND_EXCERPT_SHARE:
        earliest, latest = SECOND_EXCERPT_AFTER
        places.append((EEG_LEAD + 2 * int(rng.integers(earliest // 2, latest // 2)), _draw_offsets(rng)))
    return places


def _draw_offsets(rng: np.random.Generator) -> np.ndarray:
    """Return even seconds from 0 on: often one, sometimes many."""
    moments = min(int(rng.geometric(ROWS_END_RATE)), MOST_ROWS)
    later = rng.choice(np.arange(2, LONGEST_OFFSET + 1, 2), moments - 1, replace=False)
    return np.concatenate([[0], np.sort(later)])


def _draw_excerpt(
    rng: np.random.Generator, course: Course, start: int, offsets: np.ndarray, votes: int, ids: Ids
) -> Excerpt:
    probabilities = np.stack([course.label_probabilities(middle) for middle in start + offsets + EEG_MIDDLE])
    return Excerpt(
        eeg_id=ids.eeg(),
        start=start,
        offsets=offsets,
        votes=draw_votes(rng, votes, probabilities),
        probabilities=probabilities,
        label_ids=np.array([ids.label() for _ in offsets]),
    )
