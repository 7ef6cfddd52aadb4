"""The choice of example recordings, and their picture: ten seconds of each in the double banana."""

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from hbac_assets.figures import new_figure
from hbac_assets.labels import CLASSES
from hbac_assets.recordings.montage_plot import MARGIN_SECONDS, draw_montage
from hbac_assets.signals.montage import EEG_RATE, LABEL_SECONDS
from hbac_assets.synthetic.recordings import Recording
from hbac_assets.synthetic.rendering import render

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FEWEST_VOTES, AGREED, TYPICAL_UV, USUAL = 10, 0.85, 11.0, 0.25
"""Of an example: number of readers, fraction in agreement, background level, tolerance of its logarithm."""


def examples(recordings: list[Recording]) -> dict[str, Recording]:
    """Return, for each class, the largest pattern on which nearly all readers agree, in a patient with usual voltage.

    If they never agree so well, it is the pattern with most agreement.
    """
    many = [recording for recording in recordings if recording.excerpts[0].votes[0].sum() >= FEWEST_VOTES]

    def suitable(recording: Recording, column: int) -> tuple[float, bool, float]:
        excerpt = recording.excerpts[0]
        votes = excerpt.votes[0]
        usual = abs(np.log(recording.patient.background.level / TYPICAL_UV)) < USUAL
        agreed = min(float(votes[column] / votes.sum()), AGREED)
        return agreed, usual, float(recording.course.amplitude[int(excerpt.middles[0])])

    return {name: max(many, key=partial(suitable, column=column)) for column, name in enumerate(CLASSES)}


def draw_examples(recordings: dict[str, Recording]) -> "Figure":
    """Return a figure with the labelled ten seconds of a recording of each class."""
    figure = new_figure(14, 15)
    axes = figure.subplots(3, 2).ravel()
    for (name, recording), place in zip(recordings.items(), axes, strict=True):
        excerpt = recording.excerpts[0]
        votes = excerpt.votes[0]
        reach = LABEL_SECONDS // 2 + MARGIN_SECONDS
        first, after = (int(excerpt.middles[0]) + seconds for seconds in (-reach, reach))
        draw_montage(place, render(recording)[first * EEG_RATE : after * EEG_RATE])
        place.set_title(f"{name}: {votes[CLASSES.index(name)]} of {votes.sum()} readers", loc="left", fontsize=12)
    return figure
