"""Validation loss by treatment of batch normalisation in the finished experiment `odu_batchnorm`: a table and a plot.

    HBAC_EXPERIMENT=odu_batchnorm hbac run && python -m benchmarks.batchnorm

The folds' losses stand side by side in each cell of the table. The plot replaces docs/odu-batchnorm.png.
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from benchmarks.finished import finished
from hbac_assets.errors import HbacError
from hbac_assets.figures import BLUE, GREY, ORANGE, few_colours_png, new_figure
from hbac_assets.lineage import Cell
from hbac_assets.results.history import read_history
from hbac_assets.store.files import atomic_write

EXPERIMENT = "odu_batchnorm"
LINES = {
    "momentum_0_999": ("0.999", ORANGE, "-"),
    "momentum_0_9": ("0.9", GREY, "--"),
    "reestimated": ("re-estimated", BLUE, "-"),
}
"""Label, colour and line style of each member."""
DECADE = 10
PICTURE = Path(__file__).parents[1] / "docs" / "odu-batchnorm.png"

Histories = Mapping[str, list[pd.DataFrame]]
"""The epochs of each member, fold by fold."""


def main() -> int:
    """Print the table and write the plot; return the exit status."""
    try:
        lineage = finished(EXPERIMENT)
    except HbacError as error:
        print(error, file=sys.stderr)
        return 1
    folds = range(lineage.experiment.folds)
    histories = {name: [read_history(lineage, Cell(name, fold)) for fold in folds] for name in LINES}
    print(*table(histories), sep="\n")
    with atomic_write(PICTURE) as temporary:
        temporary.write_bytes(plot(histories))
    print(f"\n{PICTURE}")
    return 0


def table(histories: Histories) -> Iterator[str]:
    """Yield the mean validation loss over each ten epochs, in nats."""
    yield " | ".join(["| mean over epochs", *(label for label, *_ in LINES.values())]) + " |"
    yield "| --- " * (len(LINES) + 1) + "|"
    for first in range(1, max(len(one) for one in histories[next(iter(LINES))]), DECADE):
        last = first + DECADE - 1
        means = [
            ", ".join(f"{one['val_loss'][one['epoch'].between(first, last)].mean():.2f}" for one in histories[name])
            for name in LINES
        ]
        yield f"| {first} to {last} | {' | '.join(means)} |"


def plot(histories: Histories) -> bytes:
    """Return a PNG with one panel per fold: the validation losses, and the training loss common to all members."""
    figure = new_figure(9, 3.8)
    panels = figure.subplots(1, len(histories[next(iter(LINES))]), sharey=True)
    for fold, axes in enumerate(panels):
        for name, (label, colour, style) in LINES.items():
            epochs = histories[name][fold]
            axes.plot(epochs["epoch"], epochs["val_loss"], style, color=colour, label=f"validation, {label}")
        axes.plot(epochs["epoch"], epochs["loss"], ":", color="black", label="training, all three")
        axes.set_title(f"fold {fold}", loc="left", fontsize=11)
        axes.set_xlabel("epoch")
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("KL divergence, hard labels (nats)")
    panels[-1].legend(frameon=False)
    return few_colours_png(figure)


if __name__ == "__main__":
    sys.exit(main())
