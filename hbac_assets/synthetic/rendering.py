"""From a planned recording to samples: background, pattern and artifacts, mixed and digitised."""

import numpy as np

from hbac_assets.signals.montage import EEG_COLUMNS, EEG_RATE, ELECTRODES
from hbac_assets.synthetic.artifacts import add_artifacts
from hbac_assets.synthetic.background import render_background
from hbac_assets.synthetic.patterns import draw_focus, render_pattern
from hbac_assets.synthetic.randomness import Purpose, stream
from hbac_assets.synthetic.recordings import Recording

RESOLUTION = 0.5
"""µV for each step of the converter: the coarsest that guideline 1 of the ACNS (2016) allows."""


def render(recording: Recording) -> np.ndarray:
    """Return the whole recording's EEG.

    Returns:
        (seconds · 200, 20) float32 in µV, columns as in `montage.EEG_COLUMNS`; NaN where samples were lost.
    """
    purpose = Purpose.TRAIN_SAMPLES if recording.split == "train" else Purpose.TEST_SAMPLES
    rng = stream(recording.seed, purpose, recording.index)
    samples = recording.seconds * EEG_RATE
    eeg = np.zeros((len(EEG_COLUMNS), samples), np.float32)
    brain = eeg[: len(ELECTRODES)]
    brain += render_background(rng, recording.patient.background, samples)
    brain += render_pattern(rng, recording.course, draw_focus(rng), samples)
    brain *= recording.patient.background.level
    add_artifacts(rng, eeg, moment=int(recording.excerpts[0].middles[-1]))
    return np.round(eeg / RESOLUTION).T * np.float32(RESOLUTION)
