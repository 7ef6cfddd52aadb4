"""A picture of each synthetic median relative to the real quantiles."""

from typing import TYPE_CHECKING

from benchmarks.realism.fact import Fact
from hbac_assets.figures import BLUE, PALE, VERMILION, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


LEAST, MOST = -0.5, 1.5
"""Of the axis; what is further out is drawn at its edge."""
STYLES = {True: ("o", BLUE, "synthetic median, within"), False: ("X", VERMILION, "synthetic median, outside")}


def draw_medians(facts: list[Fact]) -> "Figure":
    """Return a figure of the facts, one panel for each group; 0 and 1 are the real 10 and 90 % quantiles."""
    groups = list(dict.fromkeys(fact.group for fact in facts))
    figure = new_figure(18, 10)
    panels = figure.subplots(1, len(groups), squeeze=False)[0]
    for group, panel in zip(groups, panels, strict=True):
        shown = [fact for fact in facts if fact.group == group and fact.most > fact.least][::-1]
        places = [(fact.synthetic - fact.least) / (fact.most - fact.least) for fact in shown]
        reals = [(fact.real - fact.least) / (fact.most - fact.least) for fact in shown]
        panel.axvspan(0, 1, color=PALE, label="real, 10 to 90 %")
        panel.plot(reals, range(len(shown)), "|", color="#444444", markersize=10, label="real median")
        for held, (marker, color, label) in STYLES.items():
            rows = [row for row, fact in enumerate(shown) if fact.held == held]
            drawn = [min(max(places[row], LEAST), MOST) for row in rows]
            panel.scatter(drawn, rows, marker=marker, color=color, s=22, zorder=3, clip_on=False, label=label)
        panel.set_yticks(range(len(shown)), [fact.name.removesuffix(", median") for fact in shown], fontsize=7)
        panel.set_xlim(LEAST, MOST)
        panel.set_xticks([0, 1], ["10 %", "90 %"], fontsize=8)
        panel.set_xlabel("quantiles of real recordings", fontsize=8)
        panel.set_title(group, loc="left", fontsize=10)
        panel.spines[["top", "right"]].set_visible(False)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False, fontsize=9)
    return figure
