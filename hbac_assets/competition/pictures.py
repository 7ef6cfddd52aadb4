"""Pictures of the competition's data, as PNG bytes."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hbac_assets.competition.metadata import SHARE_COLUMNS
from hbac_assets.figures import BLUE, GREY, new_axes, new_figure, png
from hbac_assets.labels import CLASSES
from hbac_assets.signals.eeg_recipe import EegRecipe
from hbac_assets.signals.montage import CHAINS, DERIVATIONS, EEG_WINDOW_SECONDS
from hbac_assets.signals.spectrogram_grid import FREQUENCIES, SECONDS_PER_COLUMN
from hbac_assets.signals.waveform import UNIT
from hbac_assets.signals.waveform_recipe import WaveformRecipe

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

LOG_POWER_RANGE = (-4.0, 8.0)
MICROVOLTS_APART = 200
"""Spacing of the zero lines of adjacent derivations, µV."""


def class_counts(rows: pd.DataFrame) -> bytes:
    """Draw the number of rows of each consensus class; per fold if `rows` have the column `fold`."""
    folds = rows["fold"] if "fold" in rows else pd.Series(0, index=rows.index)
    counts = pd.crosstab(rows["expert_consensus"], folds).reindex(list(CLASSES), fill_value=0)
    figure, axes = new_axes(7, 3, f"{len(rows):,} rows by consensus")
    width = 0.8 / counts.shape[1]
    shades = np.linspace(0.9, 0.35, counts.shape[1])
    for number, fold in enumerate(counts.columns):
        places = np.arange(len(CLASSES)) + (number - (counts.shape[1] - 1) / 2) * width
        # Shades of one colour, since folds are not categories of interest.
        axes.bar(places, counts[fold], width * 0.9, color=(0.16, 0.38, 0.62, shades[number]), label=f"fold {fold}")
    axes.set_xticks(range(len(CLASSES)), CLASSES)
    axes.set(xlabel="class with the most votes", ylabel="rows")
    if "fold" in rows:
        axes.legend(frameon=False, fontsize=8, ncols=2)
    return png(figure)


def vote_distributions(before: pd.DataFrame, after: pd.DataFrame) -> bytes:
    """Draw classes and numbers of votes of all rows and of the sampled ones.

    Args:
        before: all rows of train.csv, enriched.
        after: the sampled ones.
    """
    figure = new_figure(7.5, 5.6)
    classes, counts = figure.subplots(2, 1)
    most = int(max(before["vote_count"].max(), after["vote_count"].max()))
    edges = np.arange(0.5, most + 1)
    styles = ((before, GREY, "all rows", -0.2, "//"), (after, BLUE, "sampled rows", 0.2, ""))
    for rows, color, name, shift, hatch in styles:
        label = f"{name}: {len(rows):,}"
        shares = rows[list(SHARE_COLUMNS)].mean()
        bars = classes.bar(np.arange(len(CLASSES)) + shift, shares, 0.38, color=color, label=label, hatch=hatch)
        classes.bar_label(bars, fmt="{:.0%}", fontsize=8)
        fractions = np.histogram(rows["vote_count"], edges)[0] / max(len(rows), 1)
        counts.bar(np.arange(1, most + 1) + shift, fractions, 0.38, color=color, label=label, hatch=hatch)
    classes.set_xticks(range(len(CLASSES)), CLASSES)
    classes.set(xlabel="class", ylabel="mean fraction of the votes")
    counts.set(xlabel="votes on a row", ylabel="fraction of the rows")
    for axes, title in ((classes, "classes"), (counts, "number of votes")):
        axes.set_title(title, loc="left")
        axes.margins(y=0.15)
        axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False, fontsize=9)
        axes.spines[["top", "right"]].set_visible(False)
    return png(figure)


def spectrogram_image(power: np.ndarray, title: str) -> bytes:
    """Draw the four chains of a spectrogram one above the other.

    Args:
        power: (400, T) in µV²/Hz, one column each 2 s.
        title: above the picture.
    """
    figure = new_figure(8, 6)
    figure.suptitle(title, fontsize=11)
    draw_spectrogram(figure, power)
    return png(figure)


def eeg_spectrogram_image(spectrogram: np.ndarray, recipe: EegRecipe, title: str) -> bytes:
    """Draw the four chains of a spectrogram made from an EEG window one above the other.

    Args:
        spectrogram: (4 × bands, columns) as `eeg_spectrogram` makes it.
        recipe: by which it was made.
        title: above the picture.
    """
    before = (EEG_WINDOW_SECONDS - recipe.seconds) / 2
    extent = (before, before + recipe.seconds, *recipe.frequencies)
    return _chains(spectrogram, title, extent, "seconds", (-1, 1), "power, -1 to 1 is 80 dB")


def waveform_image(waveforms: np.ndarray, recipe: WaveformRecipe, title: str) -> bytes:
    """Draw the derivations one below the other, negative up, as is the convention for EEG.

    Args:
        waveforms: (18, samples) as `waveform` makes them.
        recipe: by which they were made.
        title: above the picture.
    """
    figure, axes = new_axes(8, 7, f"{title}; zeros are {MICROVOLTS_APART} µV apart, negative is up")
    seconds = np.arange(waveforms.shape[1]) / recipe.rate
    zeros = np.arange(len(DERIVATIONS)) * MICROVOLTS_APART
    axes.plot(seconds, waveforms.T * UNIT + zeros, color="black", linewidth=0.6)
    axes.set_yticks(zeros, ["-".join(pair) for pair in DERIVATIONS])
    axes.set_ylim(zeros[-1] + MICROVOLTS_APART, -MICROVOLTS_APART)
    axes.set_xlabel("seconds")
    return png(figure)


def draw_spectrogram(figure: "FigureBase", power: np.ndarray) -> "list[Axes]":
    """Draw the four chains of a spectrogram one above the other over the minutes, and return their axes.

    Args:
        figure: or a part of one, to draw on.
        power: (400, T) in µV²/Hz, one column each 2 s.
    """
    log_power = np.log(np.maximum(power, np.exp(LOG_POWER_RANGE[0])))
    minutes = power.shape[1] * SECONDS_PER_COLUMN / 60
    extent = (0, minutes, FREQUENCIES[0], FREQUENCIES[-1])
    return _draw_chains(figure, log_power, extent, "minutes", LOG_POWER_RANGE, "ln power (µV²/Hz)")


def _chains(
    spectrogram: np.ndarray,
    title: str,
    extent: tuple[float, float, float, float],
    time: str,
    bounds: tuple[float, float],
    quantity: str,
) -> bytes:
    figure = new_figure(8, 6)
    figure.suptitle(title, fontsize=11)
    _draw_chains(figure, spectrogram, extent, time, bounds, quantity)
    return png(figure)


def _draw_chains(
    figure: "FigureBase",
    spectrogram: np.ndarray,
    extent: tuple[float, float, float, float],
    time: str,
    bounds: tuple[float, float],
    quantity: str,
) -> "list[Axes]":
    every_axes = list(figure.subplots(len(CHAINS), sharex=True))
    for axes, chain, values in zip(every_axes, CHAINS, np.split(spectrogram, len(CHAINS)), strict=True):
        image = axes.imshow(
            values, aspect="auto", origin="lower", extent=extent, vmin=bounds[0], vmax=bounds[1], cmap="viridis"
        )
        axes.set_ylabel(f"{chain}\nHz")
    every_axes[-1].set_xlabel(time)
    figure.colorbar(image, ax=every_axes, label=quantity, shrink=0.6)
    return every_axes
