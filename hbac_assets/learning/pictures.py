"""Pictures of a training."""

import pandas as pd

from hbac_assets.figures import new_figure, png


def loss_curves(history: pd.DataFrame, title: str) -> bytes:
    """Return a PNG of losses and learning rate by epoch, with marks at the best validation loss and between stages.

    Args:
        history: the columns of `history.csv`: epoch, loss, val_loss, learning_rate, stage.
        title: what was trained.
    """
    from matplotlib.ticker import MaxNLocator

    figure = new_figure(7, 5)
    losses, rates = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    losses.plot(history["epoch"], history["loss"], marker="o", markersize=3, label="training (augmented)")
    losses.plot(history["epoch"], history["val_loss"], marker="o", markersize=3, label="validation")
    for stage, first in history.groupby("stage")["epoch"].min()[1:].to_dict().items():
        for axes in (losses, rates):
            axes.axvline(first - 0.5, color="0.3", linewidth=0.8, zorder=0)
        losses.annotate(
            f"stage {stage}",
            (first - 0.5, 1),
            xycoords=("data", "axes fraction"),
            xytext=(3, -3),
            textcoords="offset points",
            va="top",
            fontsize="small",
        )
    best = history.iloc[int(history["val_loss"].argmin())]
    losses.axvline(best["epoch"], color="0.6", linestyle=":", zorder=0)
    losses.plot(
        best["epoch"],
        best["val_loss"],
        "*",
        color="black",
        markersize=12,
        label=f"best: {best['val_loss']:.4f} in epoch {best['epoch']:.0f}",
    )
    losses.set(title=title, ylabel="Kullback-Leibler divergence (nats)")
    losses.grid(alpha=0.3)
    losses.legend()
    rates.plot(history["epoch"], history["learning_rate"], color="0.3")
    rates.set(xlabel="epoch", ylabel="learning rate", yscale="log")
    rates.grid(alpha=0.3)
    rates.xaxis.set_major_locator(MaxNLocator(integer=True))
    return png(figure)
