"""Rendering of a planned recording: background, pattern and artifacts, mixed and digitised."""

import numpy as np

from hbac_assets.labels import CLASSES
from hbac_assets.signals.montage import EEG_COLUMNS, EEG_RATE, ELECTRODES
from hbac_assets.synthetic.artifacts import add_artifacts
from hbac_assets.synthetic.background import beside_pattern, render_background
from hbac_assets.synthetic.latents import class_probabilities
from hbac_assets.synthetic.morphology import draw_morphology
from hbac_assets.synthetic.patterns import render_pattern
from hbac_assets.synthetic.randomness import Purpose, stream
from hbac_assets.synthetic.recordings import Recording

RESOLUTION = 0.5
"""µV per step of the converter: the coarsest resolution that ACNS guideline 1 (2016) allows."""


def render(recording: Recording) -> np.ndarray:
    """Return the whole recording's EEG.

    Returns:
        (seconds · 200, 20) float32 in µV, columns as in `montage.EEG_COLUMNS`; NaN for lost samples.
    """
    purpose = Purpose.TRAIN_SAMPLES if recording.split == "train" else Purpose.TEST_SAMPLES
    rng = stream(recording.seed, purpose, recording.index)
    samples = recording.seconds * EEG_RATE
    course = recording.course
    pattern = 1 - float(class_probabilities(course)[:, CLASSES.index("Other")].mean())
    periodicity = float(course.periodicity.mean())
    background = beside_pattern(recording.patient.background, pattern * (1 - periodicity), pattern * periodicity)
    eeg = np.zeros((len(EEG_COLUMNS), samples), np.float32)
    brain = eeg[: len(ELECTRODES)]
    brain += render_pattern(rng, course, draw_morphology(rng, float(course.laterality.mean())), samples)
    brain *= np.float32(recording.patient.background.level)
    brain += render_background(rng, background, samples)
    moments = np.concatenate([excerpt.middles for excerpt in recording.excerpts])
    add_artifacts(rng, eeg, moments, pattern)
    eeg /= np.float32(RESOLUTION)
    return np.round(eeg, out=eeg).T * np.float32(RESOLUTION)
