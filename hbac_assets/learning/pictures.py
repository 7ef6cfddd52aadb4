"""Pictures of a training."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hbac_assets.figures import BLUE, VERMILION, new_figure, plain, png
from hbac_assets.signals.montage import CHAINS

if TYPE_CHECKING:
    from hbac_assets.learning.settings import Preprocessing

EPOCHS_MARKED = "The circle is the epoch whose weights predict, the star that of the lowest validation loss."
"""In every figure of losses."""
LOSS_SENTENCE = f"A validation loss that rises while the training loss falls is overfitting. {EPOCHS_MARKED}"


def loss_curves(history: pd.DataFrame, scored_epoch: int, lowest_epoch: int, title: str) -> bytes:
    """Return a PNG of losses and learning rate by epoch; both epochs and the beginnings of stages are marked.

    Args:
        history: the columns of `history.csv`: epoch, loss, val_loss, learning_rate, stage.
        scored_epoch: the epoch whose weights predict.
        lowest_epoch: the epoch of the lowest validation loss.
        title: of the picture.
    """
    from matplotlib.ticker import MaxNLocator

    figure = new_figure(7, 5)
    losses, rates = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    losses.plot(history["epoch"], history["loss"], "o--", color=VERMILION, markersize=3, label="training (augmented)")
    losses.plot(history["epoch"], history["val_loss"], "o-", color=BLUE, markersize=3, label="validation")
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
    for epoch, mark, size, what in ((scored_epoch, "o", 10, "scored"), (lowest_epoch, "*", 11, "lowest")):
        loss = history["val_loss"][history["epoch"] == epoch].item()
        losses.plot(
            epoch,
            loss,
            mark,
            color="black",
            fillstyle="none" if mark == "o" else "full",
            markersize=size,
            label=f"{what}: {loss:.4f} in epoch {epoch}",
        )
    losses.set(title=plain(title), ylabel="KL divergence (nats)")
    losses.grid(alpha=0.3)
    losses.legend()
    rates.plot(history["epoch"], history["learning_rate"], color="0.3")
    rates.set(xlabel="epoch", ylabel="learning rate", yscale="log")
    rates.grid(alpha=0.3)
    rates.xaxis.set_major_locator(MaxNLocator(integer=True))
    return png(figure)


def network_input(array: np.ndarray, preprocessing: "Preprocessing", title: str) -> bytes:
    """Return a PNG of a network's input for one row, each panel over its own seconds.

    Args:
        array: (lines, times) as the kind of input makes it.
        preprocessing: its recipe.
        title: of the picture.
    """
    kind = preprocessing.kind
    figure = new_figure(7.5, 1.2 + (5.2 if kind.dimensions == 1 else 3.4 * kind.panels))
    figure.suptitle(plain(title), fontsize=11)
    every_axes = figure.subplots(kind.panels, 1, squeeze=False).ravel()
    chains = {electrodes: name for name, electrodes in CHAINS.items()}
    names = [chains.get(one, "-".join(one)) for one in kind.channels]
    limit = float(np.abs(array).max()) or 1.0
    for axes, panel, seconds in zip(every_axes, np.split(array, kind.panels), kind.seconds(preprocessing), strict=True):
        extent = (-seconds / 2, seconds / 2)
        lines = len(panel) // len(names)
        if kind.dimensions == 1:
            times = np.linspace(*extent, panel.shape[1], endpoint=False)
            spacing = float(np.quantile(np.abs(panel), 0.98)) * 2 or 1.0
            places = -spacing * np.arange(len(names))
            axes.plot(times, places - np.clip(panel, -2 * spacing, 2 * spacing).T, color="black", linewidth=0.6)
            axes.set_xlim(extent)
            axes.set_ylabel(f"channels, {spacing:.2g} units apart, negative up")
        else:
            image = axes.imshow(
                panel.astype(np.float32),
                aspect="auto",
                origin="upper",
                extent=(*extent, len(panel), 0),
                vmin=-limit,
                vmax=limit,
                cmap="RdBu_r",
            )
            figure.colorbar(image, ax=axes, label="pixel value", shrink=0.8)
            places = lines * (np.arange(len(names)) + 0.5)
            for edge in range(1, len(names)):
                axes.axhline(lines * edge, color="black", linewidth=0.6)
            axes.set_ylabel(f"chain of electrodes, {lines} frequencies each")
        axes.set_yticks(places, names, fontsize=8)
        axes.set_xlabel("seconds from the middle of the label")
    return png(figure)
