"""The recordings of a single row: its EEG above its spectrogram."""

from typing import TYPE_CHECKING

import numpy as np

from hbac_assets.competition.metadata import SHARE_COLUMNS
from hbac_assets.competition.pictures import draw_spectrogram
from hbac_assets.figures import BLUE, GREY, new_figure, plain
from hbac_assets.labels import CLASSES, PROBABILITY_COLUMNS
from hbac_assets.recordings.montage_plot import draw_montage
from hbac_assets.report.cases import Case
from hbac_assets.signals.montage import LABEL_SECONDS
from hbac_assets.signals.spectrogram_grid import SECONDS_PER_COLUMN

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, FigureBase

WIDTH, VOTES_HEIGHT, EEG_HEIGHT, SPECTROGRAM_HEIGHT = 8.0, 1.7, 4.6, 2.9
MARGINS = {"left": 0.1, "right": 0.98}
"""Fractions of the width; fixed, since the layout of so many axes would take as long as drawing them."""


def case_picture(case: Case) -> "Figure":
    """Draw the labelled 10 s of EEG in the double banana above ten minutes of spectrogram, or the latter alone.

    Dashed lines mark the labelled seconds in the spectrogram.
    """
    heights = _heights(case)
    figure = new_figure(WIDTH, sum(heights), adjusting=False)
    _draw_recordings(figure, case)
    return figure


def gallery_picture(case: Case, title: str) -> "Figure":
    """Draw the votes of a row, and its prediction if there is one, above the contents of `case_picture`."""
    heights = (VOTES_HEIGHT, sum(_heights(case)))
    figure = new_figure(WIDTH, sum(heights), adjusting=False)
    above, below = figure.subfigures(2, 1, squeeze=False, height_ratios=heights).ravel()
    axes = above.subplots()
    above.subplots_adjust(**MARGINS, bottom=0.17, top=0.7)
    _draw_votes(axes, case)
    axes.set_title(plain(title), loc="left", fontsize=11, pad=20)
    _draw_recordings(below, case)
    return figure


def _heights(case: Case) -> tuple[float, float]:
    return (EEG_HEIGHT if case.eeg is not None else 0.0, SPECTROGRAM_HEIGHT)


def _draw_recordings(figure: "FigureBase", case: Case) -> None:
    if case.eeg is None:
        _draw_minutes(figure, case)
        return
    above, below = figure.subfigures(2, 1, squeeze=False, height_ratios=_heights(case)).ravel()
    axes = above.subplots()
    above.subplots_adjust(**MARGINS, bottom=0.1, top=1.0)
    draw_montage(axes, case.eeg, case.eeg_start)
    axes.set_xlabel("time in the EEG, s; all of it labelled", fontsize=9)
    _draw_minutes(below, case)


def _draw_votes(axes: "Axes", case: Case) -> None:
    predicted = PROBABILITY_COLUMNS[0] in case.row
    kinds = [(SHARE_COLUMNS, GREY, "votes"), *([(PROBABILITY_COLUMNS, BLUE, "prediction")] if predicted else [])]
    width = 0.8 / len(kinds)
    for place, (columns, color, name) in enumerate(kinds):
        places = np.arange(len(CLASSES)) + (place - (len(kinds) - 1) / 2) * width
        values = [float(case.row[column]) for column in columns]
        bars = axes.bar(places, values, width * 0.95, color=color, label=name)
        axes.bar_label(bars, fmt="{:.0%}", fontsize=8)
    axes.set_xticks(range(len(CLASSES)), CLASSES, fontsize=9)
    axes.set_ylabel("fraction", fontsize=9)
    axes.tick_params(axis="y", labelsize=8)
    axes.set_ylim(0, 1.25)
    axes.set_yticks([0, 0.5, 1])
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8, ncols=2, loc="lower left", bbox_to_anchor=(0, 0.97))


def _draw_minutes(figure: "FigureBase", case: Case) -> None:
    figure.subplots_adjust(**MARGINS, bottom=0.15, top=0.97, hspace=0.15)
    every_axes = draw_spectrogram(figure, case.power)
    middle = case.power.shape[1] * SECONDS_PER_COLUMN / 2
    for axes in every_axes:
        for second in (middle - LABEL_SECONDS / 2, middle + LABEL_SECONDS / 2):
            axes.axvline(second / 60, color="white", linestyle="--", linewidth=0.9)
        axes.tick_params(labelsize=8)
    every_axes[-1].set_xlabel("time in the labelled window, min", fontsize=9)
