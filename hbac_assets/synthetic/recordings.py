"""The plan of a data set: patients, their recordings, the excerpts and moments that experts labelled.

Everything but the samples themselves is drawn here, so that the plan of the whole set takes seconds and any
of its recordings can be rendered alone.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from hbac_assets.labels import CLASSES
from hbac_assets.signals.spectrogram_grid import SECONDS_PER_COLUMN, WINDOW_COLUMNS
from hbac_assets.synthetic.background import Background, draw_background
from hbac_assets.synthetic.latents import Course, draw_course
from hbac_assets.synthetic.settings import SyntheticSettings
from hbac_assets.synthetic.votes import KIND_SHARES, MANY_VOTES_SHARE, Population, draw_vote_count, draw_votes

Split = Literal["train", "test"]

WINDOW_SECONDS = WINDOW_COLUMNS * SECONDS_PER_COLUMN
EEG_WINDOW_SECONDS = 50
EEG_LEAD = (WINDOW_SECONDS - EEG_WINDOW_SECONDS) // 2
"""An EEG window begins so much later than the spectrogram window with the same middle."""

LONGEST_OFFSET = 40
MOST_ROWS = 16
SECOND_EXCERPT = 0.25
"""Share of the training recordings of which two EEG excerpts were labelled."""
PATIENT_PREFERENCE = 0.7
"""How unlike patients are in what they show: spread of the logarithm of their kinds' shares."""
PATIENT_SIZE = 1.0
"""Spread of the logarithm of the patients' shares of the recordings."""

# Ids are drawn from ranges like the competition's.
ID_RANGES = {"patient": 65_000, "eeg": 4_290_000_000, "spectrogram": 2_140_000_000, "label": 4_290_000_000}


@dataclass(frozen=True)
class Patient:
    """One patient: an id, a background, and how much more often than others each kind is seen."""

    id: int
    background: Background
    preference: np.ndarray


@dataclass(frozen=True)
class Excerpt:
    """A labelled piece of EEG within a recording; the arrays have one entry for each labelled moment.

    Attributes:
        eeg_id: names its file.
        start, seconds: its place in the recording.
        offsets: even seconds from its start to the EEG windows.
        votes, probabilities: (moments, 6) each.
        label_ids: (moments,)
    """

    eeg_id: int
    start: int
    seconds: int
    offsets: np.ndarray
    votes: np.ndarray
    probabilities: np.ndarray
    label_ids: np.ndarray

    @property
    def spectrogram_offsets(self) -> np.ndarray:
        """Seconds from the start of the recording to the 10 min windows with the same middles."""
        return self.offsets + self.start - EEG_LEAD


@dataclass(frozen=True)
class Recording:
    """One recording: the latent state over the seconds of its spectrogram, and what was labelled in it."""

    stream: tuple[int, ...]
    split: Split
    spectrogram_id: int
    patient: Patient
    course: Course
    excerpts: tuple[Excerpt, ...]

    @property
    def seconds(self) -> int:
        """Its length."""
        return len(self.course.amplitude)


class _Ids:
    """Ids without repetition, from a stream of their own."""

    def __init__(self, seed: int, count: int) -> None:
        rng = np.random.default_rng([seed, 2])
        drawn = {name: rng.choice(size, min(count, size), replace=False) + 1 for name, size in ID_RANGES.items()}
        self._left = {name: iter(ids.tolist()) for name, ids in drawn.items()}

    def take(self, name: str) -> int:
        return next(self._left[name])


def plan(settings: SyntheticSettings) -> list[Recording]:
    """Return the recordings of the training and the test set, the same for the same settings."""
    ids = _Ids(settings.seed, settings.recordings * 2 * MOST_ROWS + settings.test_recordings)
    train = _plan_split(settings.seed, "train", settings.recordings, settings.patients, ids)
    return train + _plan_split(settings.seed, "test", settings.test_recordings, settings.test_patients, ids)


def _plan_split(seed: int, split: Split, recordings: int, patients: int, ids: _Ids) -> list[Recording]:
    streams = (seed, 0 if split == "train" else 1)
    rng = np.random.default_rng(streams)
    cohort = [_draw_patient(rng, ids) for _ in range(patients)]
    sizes = np.exp(PATIENT_SIZE * rng.standard_normal(patients))
    others = rng.choice(patients, recordings - patients, p=sizes / sizes.sum())
    owners = rng.permutation(np.concatenate([np.arange(patients), others]))
    return [_draw_recording((*streams, index), split, cohort[owner], ids) for index, owner in enumerate(owners)]


def _draw_patient(rng: np.random.Generator, ids: _Ids) -> Patient:
    preference = np.exp(PATIENT_PREFERENCE * rng.standard_normal(len(CLASSES)))
    return Patient(ids.take("patient"), draw_background(rng), preference)


def _draw_recording(stream: tuple[int, ...], split: Split, patient: Patient, ids: _Ids) -> Recording:
    rng = np.random.default_rng(stream)
    many = split == "test" or rng.random() < MANY_VOTES_SHARE
    population: Population = "many" if many else "few"
    shares = np.array(KIND_SHARES[population]) * patient.preference
    kind = CLASSES[rng.choice(len(CLASSES), p=shares / shares.sum())]

    starts_and_offsets = [(EEG_LEAD, _draw_offsets(rng))] if split == "train" else [(EEG_LEAD, np.array([0]))]
    if split == "train" and rng.random() < SECOND_EXCERPT:
        starts_and_offsets.append((EEG_LEAD + 2 * int(rng.integers(50, 150)), _draw_offsets(rng)))
    last_start, last_offsets = starts_and_offsets[-1]
    seconds = int(last_start - EEG_LEAD + last_offsets[-1]) + WINDOW_SECONDS
    first_middle = (WINDOW_SECONDS + int(starts_and_offsets[0][1][-1])) // 2
    course = draw_course(rng, kind, seconds, first_middle)

    count = draw_vote_count(rng, population)
    excerpts = tuple(_draw_excerpt(rng, course, start, offsets, count, ids) for start, offsets in starts_and_offsets)
    return Recording(stream, split, ids.take("spectrogram"), patient, course, excerpts)


def _draw_offsets(rng: np.random.Generator) -> np.ndarray:
    """Return even seconds from 0 on: often one, sometimes many."""
    rows = min(int(rng.geometric(0.28)), MOST_ROWS)
    later = rng.choice(np.arange(2, LONGEST_OFFSET + 1, 2), rows - 1, replace=False)
    return np.concatenate([[0], np.sort(later)])


def _draw_excerpt(
    rng: np.random.Generator, course: Course, start: int, offsets: np.ndarray, count: int, ids: _Ids
) -> Excerpt:
    middles = start + offsets + EEG_WINDOW_SECONDS // 2
    probabilities = np.array([course.label_probabilities(int(middle)) for middle in middles])
    return Excerpt(
        eeg_id=ids.take("eeg"),
        start=start,
        seconds=int(offsets[-1]) + EEG_WINDOW_SECONDS,
        offsets=offsets,
        votes=draw_votes(rng, count, probabilities),
        probabilities=probabilities,
        label_ids=np.array([ids.take("label") for _ in offsets]),
    )
