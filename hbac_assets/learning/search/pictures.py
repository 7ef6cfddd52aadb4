"""Pictures of a search."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from hbac_assets.figures import BLUE, GREY, VERMILION, new_axes, png

MARKERS = {"complete": "o", "pruned": "x", "diverged": "^"}
COLOURS = {"complete": BLUE, "pruned": GREY, "diverged": VERMILION}


def search_history(trials: pd.DataFrame, title: str) -> bytes:
    """Return a PNG of the loss by trial, with outcomes, the best so far, and the beginnings of batches.

    Losses far above those of complete trials, and trials without any, are drawn at the upper edge.

    Args:
        trials: `trial`, `batch`, `outcome` and `loss`, as `trials_table` returns them.
        title: of the picture.
    """
    from matplotlib.ticker import MaxNLocator

    figure, axes = new_axes(8, 4, title)
    top = _top(trials)
    for outcome, those in trials.groupby("outcome"):
        heights = those["loss"].fillna(np.inf).clip(upper=top)
        label, kind = f"{outcome} ({len(those)})", str(outcome)
        axes.scatter(those["trial"], heights, marker=MARKERS[kind], color=COLOURS[kind], label=label, zorder=2)
    complete = trials["loss"].where(trials["outcome"] == "complete")
    axes.step(trials["trial"], complete.cummin().ffill(), where="post", color="black", label="best so far", zorder=1)
    for first in trials.groupby("batch")["trial"].min()[1:]:
        axes.axvline(first - 0.5, color="0.7", linestyle=":", zorder=0)
    axes.set(xlabel="trial (dotted: a new batch)", ylabel="validation KL divergence (nats)")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=4, frameon=False)
    return png(figure)


def search_importances(importances: Mapping[str, float], title: str) -> bytes:
    """Return a PNG of the fraction of the losses' variance due to each hyperparameter, or why there is none."""
    figure, axes = new_axes(8, 4, title)
    if importances:
        names, shares = list(importances)[::-1], list(importances.values())[::-1]
        axes.bar_label(axes.barh(names, shares, color=BLUE), fmt="%.2f", padding=3)
        axes.set(xlabel="fraction of the variance of the complete trials' losses", xlim=(0, 1.1 * max(shares)))
    else:
        text = "too few complete trials with different losses"
        axes.text(0.5, 0.5, text, ha="center", va="center", transform=axes.transAxes)
        axes.set_axis_off()
    return png(figure)


def _top(trials: pd.DataFrame) -> float:
    """Return an upper limit that shows all complete trials except those above five times the median loss."""
    complete = trials["loss"][trials["outcome"] == "complete"]
    return min(1.05 * complete.max(), 5 * complete.median()) if len(complete) else 1.0
