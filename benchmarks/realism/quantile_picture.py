"""How far each synthetic median is from the real one, on the scale of the real quantiles."""

from typing import TYPE_CHECKING

from benchmarks.realism.rows import Row
from hbac_assets.figures import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_medians(rows: list[Row]) -> "Figure":
    """Return a figure of the rows, one panel for each group; 0 and 1 are the real 10 and 90 % quantiles."""
    groups = list(dict.fromkeys(row.group for row in rows))
    figure = new_figure(18, 10)
    panels = figure.subplots(1, len(groups), squeeze=False)[0]
    for group, panel in zip(groups, panels, strict=True):
        shown = [row for row in rows if row.group == group and row.most > row.least][::-1]
        places = [(row.synthetic - row.least) / (row.most - row.least) for row in shown]
        reals = [(row.real - row.least) / (row.most - row.least) for row in shown]
        panel.axvspan(0, 1, color="#e8eef4")
        panel.plot(reals, range(len(shown)), "|", color="#444444", markersize=10)
        colours = ["#1f6f43" if row.held else "#b3261e" for row in shown]
        panel.scatter(places, range(len(shown)), c=colours, s=22, zorder=3)
        panel.set_yticks(range(len(shown)), [row.fact.removesuffix(", median") for row in shown], fontsize=7)
        panel.set_xlim(-0.5, 1.5)
        panel.set_xticks([0, 1], ["10 %", "90 %"], fontsize=8)
        panel.set_title(group, loc="left", fontsize=10)
        panel.spines[["top", "right"]].set_visible(False)
    return figure
