"""The plan of a data set: patients, their recordings, the excerpts and moments that experts labelled.

Everything but the samples is drawn here, so that planning a whole set takes a second and any recording can be rendered
separately.
"""

from dataclasses import dataclass
from itertools import groupby
from typing import Literal

import numpy as np

from hbac_assets.signals.montage import EEG_WINDOW_SECONDS
from hbac_assets.synthetic.background import Background, draw_background
from hbac_assets.synthetic.cohort import cohort_sizes, draw_position, usual_positions
from hbac_assets.synthetic.latents import Course, draw_course
from hbac_assets.synthetic.places import (
    EEG_LEAD,
    EEG_MIDDLE,
    ODD_JOIN,
    Place,
    draw_appended,
    draw_places,
    recording_seconds,
)
from hbac_assets.synthetic.randomness import Ids, Purpose, stream
from hbac_assets.synthetic.readers import MANY, Population, draw_population
from hbac_assets.synthetic.settings import SyntheticSettings
from hbac_assets.synthetic.votes import draw_votes

Split = Literal["train", "test"]


@dataclass(frozen=True)
class Patient:
    """One patient: an id, a background, and the usual kind of recording, see `cohort.usual_positions`."""

    id: int
    background: Background
    usual: float


@dataclass(frozen=True)
class Excerpt:
    """A labelled stretch of EEG within a recording; the arrays have one entry per labelled moment.

    Attributes:
        eeg_id: names its file.
        start: seconds from the start of the recording.
        offsets: even seconds from the start of the excerpt to the EEG windows.
        votes: (moments, 6)
        probabilities: (moments, 6), the expected fractions of the votes.
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
    """One recording: its latent state over time, and its labelled excerpts.

    A spectrogram file is one recording, or several appended ones.

    Attributes:
        seed: of the data set.
        split: train or test.
        index: its number within the split, on which its random numbers depend.
        spectrogram_id: names its file.
        spectrogram_start: seconds from the start of the file to that of the recording.
        patient: whose EEG it is.
        course: the latent state.
        excerpts: in temporal order, with all windows around their moments within the recording.
    """

    seed: int
    split: Split
    index: int
    spectrogram_id: int
    spectrogram_start: int
    patient: Patient
    course: Course
    excerpts: tuple[Excerpt, ...]

    @property
    def seconds(self) -> int:
        """Its length: up to the end of the last spectrogram window."""
        return len(self.course.amplitude)


def plan(settings: SyntheticSettings) -> list[Recording]:
    """Return the recordings of the training set, then those of the test set; the same for the same settings.

    Appended recordings are consecutive.
    """
    ids = Ids(settings.seed)
    train = _draw_owners("train", settings.seed, settings.recordings, settings.patients, ids)
    test = _draw_owners("test", settings.seed, settings.test_recordings, settings.test_patients, ids)
    planned: list[Recording] = []
    for patient in train:
        planned += _draw_file(settings.seed, len(planned), patient, settings.most_appended, ids)
    for index, patient in enumerate(test):
        planned.append(_draw_recording("test", settings.seed, index, ids.spectrogram(), patient, ids))
    return planned


def spectrogram_files(recordings: list[Recording]) -> list[list[Recording]]:
    """Return the recordings of each spectrogram file in temporal order, from those of a plan."""
    return [list(appended) for _, appended in groupby(recordings, lambda recording: recording.spectrogram_id)]


def _draw_owners(split: Split, seed: int, files: int, patients: int, ids: Ids) -> list[Patient]:
    """Return the patient of each spectrogram file, in random order."""
    rng = stream(seed, Purpose.TRAIN_PATIENTS if split == "train" else Purpose.TEST_PATIENTS)
    sizes = cohort_sizes(files, patients)
    usual = usual_positions(rng, sizes).tolist()
    owners = rng.permutation(np.repeat(np.arange(patients), sizes))
    cohort = [Patient(ids.patient(), draw_background(rng), position) for position in usual]
    return [cohort[owner] for owner in owners]


def _draw_file(seed: int, index: int, patient: Patient, most_appended: int, ids: Ids) -> list[Recording]:
    """Return the recordings of a training file, numbered from `index` on."""
    rng = stream(seed, Purpose.TRAIN_FILE, index)
    appended = draw_appended(rng, most_appended)
    odd_second = int(appended > 0 and rng.random() < ODD_JOIN)
    spectrogram_id = ids.spectrogram()
    first = _draw_recording(
        "train", seed, index, spectrogram_id, patient, ids, appended=appended > 0, spare_seconds=odd_second
    )
    recordings = [first]
    for _ in range(appended):
        start = recordings[-1].spectrogram_start + recordings[-1].seconds
        number = index + len(recordings)
        recordings.append(
            _draw_recording("train", seed, number, spectrogram_id, patient, ids, start=start, appended=True)
        )
    return recordings


def _draw_recording(
    split: Split,
    seed: int,
    index: int,
    spectrogram_id: int,
    patient: Patient,
    ids: Ids,
    *,
    start: int = 0,
    appended: bool = False,
    spare_seconds: int = 0,
) -> Recording:
    """Return one recording, which begins `start` seconds into its spectrogram file.

    Positions, latent state and votes have separate random streams.
    """
    train = split == "train"
    rng = stream(seed, Purpose.TRAIN_RECORDING if train else Purpose.TEST_RECORDING, index)
    population = draw_population(rng) if train else MANY
    places = draw_places(rng, population, appended=appended) if train else [(EEG_LEAD, np.array([0]))]
    kind = population.kind(draw_position(rng, patient.usual))
    course = draw_course(
        stream(seed, Purpose.TRAIN_COURSE if train else Purpose.TEST_COURSE, index),
        kind,
        seconds=recording_seconds(places) + spare_seconds,
        moment=places[0][0] + EEG_MIDDLE,
        prominence=population.prominence,
    )
    votes_rng = stream(seed, Purpose.TRAIN_VOTES if train else Purpose.TEST_VOTES, index)
    excerpts = tuple(_draw_excerpt(votes_rng, course, place, population, ids) for place in places)
    return Recording(seed, split, index, spectrogram_id, start, patient, course, excerpts)


def _draw_excerpt(rng: np.random.Generator, course: Course, place: Place, population: Population, ids: Ids) -> Excerpt:
    start, offsets = place
    votes, probabilities = draw_votes(rng, population, course.log_odds(start + offsets + EEG_MIDDLE))
    return Excerpt(
        eeg_id=ids.eeg(),
        start=start,
        offsets=offsets,
        votes=votes,
        probabilities=probabilities,
        label_ids=np.array([ids.label() for _ in offsets]),
    )
