"""Charts of trainings."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from hbac_assets.figures import BLUE, GREY, VERMILION, new_figure
from hbac_assets.report.charts import label
from hbac_assets.report.members import Member
from hbac_assets.results.history import lowest_epoch

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 2
LOG_FROM = 10
"""Ratio of the largest to the smallest loss above which an axis is logarithmic."""
LEAST_LOG = 1e-6


def loss_chart(members: Sequence[Member]) -> "Figure":
    """Draw the losses of all folds of each member over the epochs, a panel for each member."""
    columns = min(COLUMNS, len(members))
    rows = math.ceil(len(members) / columns)
    figure = new_figure(3.9 * columns + (1.2 if columns == 1 else 0), 0.7 + 2.6 * rows)
    every_axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, member in zip(every_axes, members, strict=False):
        _draw_member(axes, member)
    for axes in every_axes[len(members) :]:
        axes.set_axis_off()
    handles, labels = every_axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=columns * 2, frameon=False, fontsize=9)
    return figure


def _draw_member(axes: "Axes", member: Member) -> None:
    from matplotlib.ticker import MaxNLocator

    for number, (history, cell) in enumerate(zip(member.histories, member.cells, strict=True)):
        epochs = history["epoch"]
        train, validation, scored, best = (
            ["training, augmented images", "validation", "scored epoch", "lowest validation loss"]
            if number == 0
            else [None] * 4
        )
        axes.plot(epochs, history["loss"], color=VERMILION, linestyle="--", linewidth=1, label=train)
        axes.plot(epochs, history["val_loss"], color=BLUE, linewidth=1.2, label=validation)
        axes.plot(
            cell["scored_epoch"], cell["val_loss"], "o", color="black", fillstyle="none", markersize=11, label=scored
        )
        lowest = lowest_epoch(history)
        axes.plot(lowest["epoch"], lowest["val_loss"], "*", color="black", markersize=9, label=best)
    for first in member.histories[0].groupby("stage")["epoch"].min()[1:]:
        axes.axvline(first - 0.5, color=GREY, linewidth=0.8, zorder=0)
    losses = pd.concat([history[["loss", "val_loss"]] for history in member.histories]).to_numpy()
    if losses.min() > LEAST_LOG and losses.max() > LOG_FROM * losses.min():
        axes.set_yscale("log")
    axes.set_title(label(member.name), loc="left", fontsize=10)
    axes.set_xlabel("epoch", fontsize=9)
    axes.set_ylabel("KL divergence (nats)", fontsize=9)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.tick_params(labelsize=8, which="both")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#e5e5e5")
    axes.set_axisbelow(True)
