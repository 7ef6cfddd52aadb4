"""Pictures of scores and predictions, as PNG bytes: look before you read."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from hbac_assets.figures import new_axes, png
from hbac_assets.labels import CLASSES
from hbac_assets.palette import BLUE, GREY
from hbac_assets.scoring.classes import reliability, soft_confusion


def scores_by_member(scores: pd.DataFrame, lines: Mapping[str, float] | None = None) -> bytes:
    """Draw the mean KL of each model with its interval, the best at the top.

    Args:
        scores: model, mean, low and high; a bound may be NaN.
        lines: name and KL of what the models are measured against, such as class prior and floor.
    """
    worst_first = scores.sort_values("mean", ascending=False)
    places = np.arange(len(worst_first))
    figure, axes = new_axes(7, 1.4 + 0.4 * len(worst_first), "KL divergence (nats, lower is better)")
    axes.barh(places, worst_first["mean"], 0.6, color=BLUE)
    axes.hlines(places, worst_first["low"], worst_first["high"], color="black", linewidth=1.2)
    for place, row in enumerate(worst_first.itertuples()):
        axes.text(0, place, f" {row.mean:.3f}", va="center", color="white", fontsize=9)
    axes.set_yticks(places, worst_first["model"])
    for name, kl in (lines or {}).items():
        axes.axvline(kl, color=GREY, linestyle="--", linewidth=1)
        axes.text(kl, len(worst_first) - 0.45, name, ha="center", va="bottom", color=GREY, fontsize=8)
    axes.set_xlim(left=0)
    return png(figure)


def grouped_scores(scores: pd.DataFrame, group: str, item: str, title: str) -> bytes:
    """Draw the mean KL of each item with its interval, group below group; those that are not `chosen` in grey.

    Args:
        scores: `group`, `item`, mean, low and high, and perhaps the truth value chosen; what has no mean is left out.
        group: the column whose values stand in bold above their items.
        item: the column that names each item.
        title: of the picture.
    """
    scores = scores.dropna(subset="mean")
    figure, axes = new_axes(7, 1.2 + 0.24 * (len(scores) + scores[group].nunique()), title)
    labels = []
    for name, rows in scores.groupby(group, sort=False):
        labels.append(str(name))
        for row in rows.to_dict("records"):
            color = BLUE if row.get("chosen", True) else GREY
            axes.hlines(len(labels), row["low"], row["high"], color=color, linewidth=1.5)
            axes.plot(row["mean"], len(labels), "o", color=color, markersize=5)
            labels.append(f"{row[item]}  {row['mean']:.3f}")
    axes.set_yticks(range(len(labels)), labels, fontsize=9)
    for label in axes.get_yticklabels():
        label.set_fontweight("bold" if label.get_text() in set(scores[group]) else "normal")
    axes.set_ylim(len(labels) - 0.3, -0.7)
    axes.grid(axis="x", color="#e5e5e5")
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)
    return png(figure)


def vote_calibration(shares: np.ndarray, predictions: np.ndarray) -> bytes:
    """Draw, for each class, the experts' mean share over the predicted probability, in ten equal bins.

    A point's area grows with the number of its rows; on the diagonal the predictions are right on average.

    Args:
        shares: (N, 6) vote shares.
        predictions: (N, 6) predicted probabilities.
    """
    figure, axes = new_axes(5, 4.6, "calibration")
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=1)
    found = reliability(shares, predictions)
    for name, rows, predicted, voted in zip(CLASSES, *found, strict=True):
        any_rows = rows > 0
        (line,) = axes.plot(predicted[any_rows], voted[any_rows], linewidth=1, label=name)
        sizes = 200 * rows[any_rows] / len(predictions) + 6
        axes.scatter(predicted[any_rows], voted[any_rows], s=sizes, color=line.get_color())
    axes.set(xlabel="predicted probability", ylabel="experts' mean share", xlim=(0, 1), ylim=(0, 1), aspect="equal")
    axes.legend(frameon=False, fontsize=8)
    return png(figure)


def vote_confusion(shares: np.ndarray, predictions: np.ndarray) -> bytes:
    """Draw the mean prediction where the experts vote for a class, one row for each class of theirs.

    Args:
        shares: (N, 6) vote shares.
        predictions: (N, 6) predicted probabilities.
    """
    mean = soft_confusion(shares, predictions)
    figure, axes = new_axes(5.4, 4.6, "mean prediction, by what the experts voted for")
    axes.imshow(mean, cmap="Blues", vmin=0, vmax=1)
    for (row, column), value in np.ndenumerate(mean):
        color = "white" if value > 0.5 else "black"
        axes.text(column, row, f"{value:.2f}", ha="center", va="center", color=color, fontsize=9)
    axes.set_xticks(range(len(CLASSES)), CLASSES, fontsize=9)
    axes.set_yticks(range(len(CLASSES)), CLASSES, fontsize=9)
    axes.set(xlabel="predicted", ylabel="experts")
    return png(figure)


def blend_weights(weights: pd.DataFrame) -> bytes:
    """Draw the weight of each member in the blend.

    Args:
        weights: member and weight.
    """
    upwards = weights.iloc[::-1]
    figure, axes = new_axes(7, 1.2 + 0.4 * len(weights), "weight in the blend")
    bars = axes.barh(upwards["member"], upwards["weight"], 0.6, color=BLUE)
    axes.bar_label(bars, fmt=" %.2f", fontsize=9)
    axes.set_xlim(0, 1)
    return png(figure)
