"""Pictures of scores and predictions, as PNG bytes."""

import numpy as np
import pandas as pd

from hbac_assets.figures import BLUE, GREY, new_axes, plain, png
from hbac_assets.labels import CLASSES


def grouped_scores(scores: pd.DataFrame, group: str, item: str, title: str) -> bytes:
    """Draw the mean KL of each item with its interval, group below group; those not `chosen` hollow and grey.

    Args:
        scores: `group`, `item`, mean, low and high, optionally the boolean chosen; items without a mean are left out.
        group: the column whose values are bold headings above their items.
        item: the column that names each item.
        title: of the picture.
    """
    scores = scores.dropna(subset="mean")
    figure, axes = new_axes(7, 1.2 + 0.24 * (len(scores) + scores[group].nunique()), title)
    labels = []
    for name, rows in scores.groupby(group, sort=False):
        labels.append(str(name))
        for row in rows.to_dict("records"):
            color, fill = (BLUE, "full") if row.get("chosen", True) else (GREY, "none")
            axes.hlines(len(labels), row["low"], row["high"], color=color, linewidth=1.5)
            axes.plot(row["mean"], len(labels), "o", color=color, fillstyle=fill, markersize=5)
            labels.append(f"{row[item]}  {row['mean']:.3f}")
    axes.set_yticks(range(len(labels)), labels, fontsize=9)
    for label in axes.get_yticklabels():
        label.set_fontweight("bold" if label.get_text() in set(scores[group]) else "normal")
    axes.set_ylim(len(labels) - 0.3, -0.7)
    axes.grid(axis="x", color="#e5e5e5")
    axes.set_axisbelow(True)
    axes.set_xlabel("KL divergence (nats, lower is better)", fontsize=9)
    axes.tick_params(axis="y", length=0)
    return png(figure)


def vote_confusion(mean: np.ndarray, model: str) -> bytes:
    """Draw the mean prediction where experts vote for a class, one row for each voted class.

    Args:
        mean: (6, 6) as `classes.soft_confusion` returns it; NaN in the row of a class without votes.
        model: its name.
    """
    figure, axes = new_axes(6, 4.8, plain(f"{model}: mean prediction by class of the votes"))
    image = axes.imshow(mean, cmap="Blues", vmin=0, vmax=1)
    for (row, column), value in np.ndenumerate(mean):
        if np.isnan(value):
            continue
        color = "white" if value > 0.5 else "black"
        axes.text(column, row, f"{value:.2f}", ha="center", va="center", color=color, fontsize=9)
    axes.set_xticks(range(len(CLASSES)), CLASSES, fontsize=9)
    axes.set_yticks(range(len(CLASSES)), CLASSES, fontsize=9)
    axes.set(xlabel="predicted class", ylabel="class that experts voted for")
    figure.colorbar(image, label="mean predicted probability", shrink=0.8)
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
    axes.set_xlabel("weight (the weights sum to 1)", fontsize=9)
    axes.set_xlim(0, 1)
    return png(figure)
