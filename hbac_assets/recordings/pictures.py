"""Pictures of a predicted recording, as PNG bytes: probabilities over time, and the EEG of its top moments."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from hbac_assets.figures import CLASS_COLORS, new_figure, plain, png
from hbac_assets.labels import CLASSES, PROBABILITY_COLUMNS
from hbac_assets.recordings.montage_plot import MARGIN_SECONDS, draw_montage
from hbac_assets.recordings.over_time import OverTime, clock
from hbac_assets.recordings.recording import Recording, seconds
from hbac_assets.recordings.signals import Signals
from hbac_assets.recordings.trend import Trend
from hbac_assets.recordings.windows import LEAST_COVERED
from hbac_assets.signals.montage import EEG_RATE, LABEL_SECONDS
from hbac_assets.signals.spectrogram_grid import FREQUENCIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

RESEARCH = "For research only; not a medical device."
APART_SECONDS = 60
"""Minimum distance of two top moments of one class, s."""
MOST_ANNOTATIONS, LONGEST_ANNOTATION = 40, 28
"""Limits of the annotations drawn: their number and their length."""
LONG_SECONDS = 3 * 3600
"""Seconds from which the time axis is in hours."""


class Moment(NamedTuple):
    """A moment of a class: its middle in seconds, and the probability."""

    name: str
    middle: int
    probability: float


def top_moments(table: pd.DataFrame, top: int) -> list[Moment]:
    """Return the `top` moments of highest probability of each class, at least a minute apart."""
    found = []
    for name, column in zip(CLASSES, PROBABILITY_COLUMNS, strict=True):
        ranked = table[["middle_s", column]].dropna().sort_values(column, ascending=False, kind="stable")
        kept: list[Moment] = []
        for middle, probability in ranked.itertuples(index=False):
            if len(kept) < top and all(abs(middle - other.middle) >= APART_SECONDS for other in kept):
                kept.append(Moment(name, int(middle), float(probability)))
        found += kept
    return found


def overview(recording: Recording, found: OverTime, model: str) -> bytes:
    """Draw the probabilities as stacked areas above the spectrograms of both sides; annotations are dashed lines.

    Args:
        recording: for its name, start and annotations.
        found: its probabilities and spectrogram.
        model: a short name of the ensemble.
    """
    length = seconds(recording)
    unit, scale = ("hours", 3600.0) if length >= LONG_SECONDS else ("minutes", 60.0)
    figure = new_figure(14, 8.5)
    above, *spectrograms = figure.subplots(3, sharex=True, height_ratios=(2.2, 1, 1))
    _draw_areas(above, found.table, scale)
    for axes, power, side in zip(spectrograms, found.trend.log_power(), ("left", "right"), strict=True):
        image = _draw_spectrogram(axes, power, found.trend, scale)
        axes.set_ylabel(f"{side}\nHz")
    bar = spectrograms[-1].inset_axes((1.01, 0.0, 0.01, 1.0))
    figure.colorbar(image, cax=bar, label="ln power (µV²/Hz)")
    _draw_annotations([above, *spectrograms], recording, scale)
    start = f", from {clock(recording.start, 0)}" if recording.start else ""
    figure.suptitle(f"{recording.path.name}{start}", x=0.01, ha="left", fontsize=12)
    spectrograms[-1].set_xlabel(f"{unit}      ({model}. {RESEARCH})")
    above.set_xlim(0, length / scale)
    return png(figure)


def moments_picture(signals: Signals, moments: list[Moment]) -> bytes:
    """Draw ten seconds of EEG around each moment, read again from the recording.

    Raises:
        HbacError: the file cannot be read there.
    """
    rows = -(-len(moments) // 2)
    figure = new_figure(15, 5.2 * rows + 0.4)
    every_axes = figure.subplots(rows, 2, squeeze=False).ravel()
    for axes, moment in zip(every_axes, moments, strict=False):
        begin = moment.middle - LABEL_SECONDS // 2
        first, margin = begin * EEG_RATE, MARGIN_SECONDS * EEG_RATE
        block = signals.between(first - margin, first + LABEL_SECONDS * EEG_RATE + margin)
        draw_montage(axes, signals.derivation.electrodes(block), begin)
        start = signals.recording.start
        place = clock(start, moment.middle) if start else f"{moment.middle} s"
        axes.set_title(f"{moment.name} {moment.probability:.2f}   {place}", loc="left", fontsize=10)
    for axes in every_axes[len(moments) :]:
        axes.set_axis_off()
    figure.suptitle(f"{signals.recording.path.name}: highest probabilities. {RESEARCH}", x=0.01, ha="left", fontsize=11)
    return png(figure)


def _draw_areas(axes: "Axes", table: pd.DataFrame, scale: float) -> None:
    """Draw the classes as stacked areas; hatched where too little is covered for probabilities."""
    middles = table["middle_s"].to_numpy() / scale
    probabilities = table[list(PROBABILITY_COLUMNS)].to_numpy()
    axes.stackplot(middles, probabilities.T, labels=CLASSES, colors=CLASS_COLORS, linewidth=0)
    unseen = np.isnan(probabilities[:, 0])
    if unseen.any():
        label = f"less than {LEAST_COVERED:.0%} covered"
        axes.fill_between(
            middles, 0, 1, where=unseen, step="mid", facecolor="none", edgecolor="#999999", hatch="//", linewidth=0,
            label=label,
        )  # fmt: skip
    axes.set_ylim(0, 1)
    axes.set_ylabel("probability")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=9, reverse=True)


def _draw_spectrogram(axes: "Axes", power: np.ndarray, trend: Trend, scale: float) -> "AxesImage":
    end = power.shape[1] * trend.seconds_per_column / scale
    extent = (0.0, end, float(FREQUENCIES[0]), float(FREQUENCIES[-1]))
    return axes.imshow(power, aspect="auto", origin="lower", extent=extent, vmin=-4, vmax=6, cmap="viridis")


def _draw_annotations(every_axes: list["Axes"], recording: Recording, scale: float) -> None:
    """Draw a dashed line at each annotation's onset, and its text above the top axes."""
    for annotation in recording.annotations[:MOST_ANNOTATIONS]:
        place = annotation.onset / scale
        for axes in every_axes:
            axes.axvline(place, color="black", linestyle="--", linewidth=0.8)
        text = annotation.text
        shown = text if len(text) <= LONGEST_ANNOTATION else text[: LONGEST_ANNOTATION - 1] + "…"
        every_axes[0].text(
            place, 1.01, plain(shown), transform=every_axes[0].get_xaxis_transform(),
            rotation=35, ha="left", va="bottom", fontsize=7,
        )  # fmt: skip
