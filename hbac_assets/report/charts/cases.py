"""The recordings of a single row: its EEG above its spectrogram."""

from typing import TYPE_CHECKING

from hbac_assets.competition.pictures import draw_spectrogram
from hbac_assets.figures import new_figure
from hbac_assets.recordings.montage_plot import draw_montage
from hbac_assets.report.cases import Case
from hbac_assets.signals.montage import LABEL_SECONDS
from hbac_assets.signals.spectrogram_grid import SECONDS_PER_COLUMN

if TYPE_CHECKING:
    from matplotlib.figure import Figure, FigureBase

WIDTH, EEG_HEIGHT, SPECTROGRAM_HEIGHT = 8.0, 4.6, 2.9
MARGINS = {"left": 0.1, "right": 0.98}
"""Of the width. Fixed ones: laying out a figure of so many axes takes as long as drawing it."""


def case_picture(case: Case) -> "Figure":
    """Draw the labelled 10 s of EEG in the double banana above ten minutes of spectrogram, or this alone.

    Dashed lines mark the labelled seconds in the spectrogram.
    """
    heights = (EEG_HEIGHT if case.eeg is not None else 0.0, SPECTROGRAM_HEIGHT)
    figure = new_figure(WIDTH, sum(heights), adjusting=False)
    if case.eeg is None:
        _draw_minutes(figure, case)
        return figure
    above, below = figure.subfigures(2, 1, squeeze=False, height_ratios=heights).ravel()
    axes = above.subplots()
    above.subplots_adjust(**MARGINS, bottom=0.1, top=1.0)
    draw_montage(axes, case.eeg, case.eeg_start)
    axes.set_xlabel("seconds of the EEG", fontsize=9)
    _draw_minutes(below, case)
    return figure


def _draw_minutes(figure: "FigureBase", case: Case) -> None:
    figure.subplots_adjust(**MARGINS, bottom=0.15, top=0.97, hspace=0.15)
    every_axes = draw_spectrogram(figure, case.power)
    middle = case.power.shape[1] * SECONDS_PER_COLUMN / 2
    for axes in every_axes:
        for second in (middle - LABEL_SECONDS / 2, middle + LABEL_SECONDS / 2):
            axes.axvline(second / 60, color="white", linestyle="--", linewidth=0.9)
        axes.tick_params(labelsize=8)
    every_axes[-1].set_xlabel("minutes of the labelled window", fontsize=9)
