"""Charts of an evaluation: models, slices, calibration, experts."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from hbac_assets.figures import BLUE, GREEN, GREY, ORANGE, PALE, PURPLE, SKY, VERMILION, new_figure
from hbac_assets.labels import CLASSES
from hbac_assets.report.charts import label
from hbac_assets.report.text import is_known
from hbac_assets.scoring.yardsticks import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NATS = "KL divergence (nats, lower is better)"
STYLES = {"ensemble": ("D", BLUE), "member": ("o", VERMILION), "reference": ("s", GREY), "model": ("o", BLUE)}
"""Marker and colour of each kind of model."""
POINTS = (("D", BLUE), ("o", VERMILION), ("s", GREEN), ("^", PURPLE), ("v", ORANGE), ("P", SKY))
"""Markers and colours of single models."""
LABEL_SIZE = 9


def scores_chart(records: Sequence[Record], kinds: Mapping[str, str]) -> "Figure":
    """Draw the score of each model with its interval, the first at the top, with class prior and floor.

    Args:
        records: of `Evaluation.models`.
        kinds: the kind of each model by its name, a key of `STYLES`.
    """
    figure = new_figure(7.5, 1.5 + 0.28 * len(records))
    axes = figure.add_subplot()
    for place, one in enumerate(records):
        marker, color = STYLES[kinds[one["model"]]]
        _draw_interval(axes, place, one["mean"], one["low"], one["high"], marker, color)
    first = records[0]
    axes.axvline(first["prior"], color=GREY, linestyle="--", linewidth=1, label="class prior")
    if is_known(first["floor"]):
        axes.axvspan(first["floor_low"], first["floor_high"], color=PALE, label="floor of votes, both estimates")
    for kind in dict.fromkeys(kinds[one["model"]] for one in records):
        marker, color = STYLES[kind]
        axes.plot([], [], marker, color=color, markersize=5, label=kind)
    _finish_list(figure, axes, [label(one["model"]) for one in records], margin=0.6, columns=5)
    return figure


def slices_chart(slices: Sequence[Record], model: str) -> "Figure":
    """Draw a model's score on each slice with its interval, and those of other models as small marks.

    Args:
        slices: of `Evaluation.slices`.
        model: its name.
    """
    mine = [one for one in slices if one["model"] == model]
    others: dict[tuple[str, str], list[float]] = {}
    for one in slices:
        if one["model"] != model:
            others.setdefault((one["by"], one["slice"]), []).extend(filter(is_known, [one["mean"]]))
    groups = [(by, list(rows)) for by, rows in groupby(mine, key=lambda one: one["by"])]
    figure = new_figure(7.5, 1.3 + 0.21 * (len(mine) + len(groups)))
    axes = figure.add_subplot()
    labels: list[str] = []
    for by, rows in groups:
        labels.append(f"by {by}")
        for one in rows:
            values = others.get((by, one["slice"]), [])
            axes.plot(values, [len(labels)] * len(values), "|", color=GREY, markersize=7)
            _draw_interval(axes, len(labels), one["mean"], one["low"], one["high"], *STYLES["model"])
            labels.append(f"{one['slice']} ({one['rows']} rows)")
    marker, color = STYLES["model"]
    axes.plot([], [], marker, color=color, markersize=5, label=label(model))
    if others:
        axes.plot([], [], "|", color=GREY, markersize=7, label="each other model")
    _finish_list(figure, axes, labels, margin=0.8, columns=2)
    for text in axes.get_yticklabels():
        if text.get_text().startswith("by "):
            text.set_fontweight("bold")
    return figure


def reliability_chart(reliability: Sequence[Record], model: str) -> "Figure":
    """Draw, for each class, the mean vote fraction over the mean prediction in each bin.

    Args:
        reliability: of `Evaluation.reliability`.
        model: its name.
    """
    figure = new_figure(7.5, 5.4)
    every_axes = figure.subplots(2, 3, sharex=True, sharey=True)
    for axes, name in zip(every_axes.ravel(), CLASSES, strict=True):
        bins = [one for one in reliability if one["model"] == model and one["class"] == name]
        axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1, label="experts and model agree")
        predicted, voted = ([one[key] for one in bins] for key in ("predicted", "voted"))
        axes.plot(predicted, voted, color=BLUE, linewidth=1)
        most = max((one["rows"] for one in bins), default=1)
        areas = [8 + 60 * one["rows"] / most for one in bins]
        axes.scatter(predicted, voted, s=areas, color=BLUE, label="rows in a bin, by area")
        axes.set_title(name, fontsize=10)
        axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), aspect="equal")
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8)
    for axes in every_axes[-1]:
        axes.set_xlabel("predicted probability", fontsize=LABEL_SIZE)
    for axes in every_axes[:, 0]:
        axes.set_ylabel("fraction of the votes", fontsize=LABEL_SIZE)
    handles, labels = every_axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False, fontsize=LABEL_SIZE)
    return figure


def experts_chart(experts: Sequence[Record], models: Sequence[Record]) -> "Figure":
    """Draw the score of k experts over k, and each model at the k of equal score.

    Args:
        experts: of `Evaluation.experts`.
        models: of `Evaluation.models`; at most as many as there are `POINTS` are drawn.
    """
    figure = new_figure(7.5, 4.2)
    axes = figure.add_subplot()
    votes, kl = ([one[key] for one in experts] for key in ("votes", "kl"))
    axes.plot(votes, kl, ".-", color=GREY, label="experts whose votes are known")
    for one, (marker, color) in zip(models, POINTS, strict=False):
        if is_known(one["experts"]):
            name = label(one["model"])
            axes.plot(one["experts"], one["kl_many_votes"], marker, color=color, markersize=7, label=name)
    axes.set_xticks(votes)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("KL divergence (nats)", fontsize=LABEL_SIZE)
    _finish(axes, "number of experts")
    axes.grid(axis="y", color="#e5e5e5")
    axes.legend(frameon=False, fontsize=LABEL_SIZE)
    return figure


def _draw_interval(
    axes: "Axes", place: float, mean: float | None, low: float | None, high: float | None, marker: str, color: str
) -> None:
    if low is not None and high is not None:
        axes.hlines(place, low, high, color=color, linewidth=1.6)
    if mean is not None:
        axes.plot(mean, place, marker, color=color, markersize=5)


def _finish_list(figure: "Figure", axes: "Axes", labels: Sequence[str], *, margin: float, columns: int) -> None:
    """Label the lines of a list of scores, the first at the top below a margin, and place the legend."""
    axes.set_yticks(range(len(labels)), labels, fontsize=LABEL_SIZE)
    axes.set_ylim(len(labels) - 0.4, -margin)
    axes.set_xlim(left=0)
    _finish(axes, NATS)
    figure.legend(loc="outside lower center", ncols=columns, frameon=False, fontsize=LABEL_SIZE)


def _finish(axes: "Axes", quantity: str) -> None:
    axes.set_xlabel(quantity, fontsize=LABEL_SIZE)
    axes.tick_params(labelsize=LABEL_SIZE)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="x", color="#e5e5e5")
    axes.set_axisbelow(True)
