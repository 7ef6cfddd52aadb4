"""A picture of each synthetic median relative to the real quantiles."""

from typing import TYPE_CHECKING

from benchmarks.realism.fact import Fact
from hbac_assets.figures import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_medians(facts: list[Fact]) -> "Figure":
    """Return a figure of the facts, one panel for each group; 0 and 1 are the real 10 and 90 % quantiles."""
    groups = list(dict.fromkeys(fact.group for fact in facts))
    figure = new_figure(18, 10)
    panels = figure.subplots(1, len(groups), squeeze=False)[0]
    for group, panel in zip(groups, panels, strict=True):
        shown = [fact for fact in facts if fact.group == group and fact.most > fact.least][::-1]
        places = [(fact.synthetic - fact.least) / (fact.most - fact.least) for fact in shown]
        reals = [(fact.real - fact.least) / (fact.most - fact.least) for fact in shown]
        panel.axvspan(0, 1, color="#e8eef4")
        panel.plot(reals, range(len(shown)), "|", color="#444444", markersize=10)
        colours = ["#1f6f43" if fact.held else "#b3261e" for fact in shown]
        panel.scatter(places, range(len(shown)), c=colours, s=22, zorder=3)
        panel.set_yticks(range(len(shown)), [fact.name.removesuffix(", median") for fact in shown], fontsize=7)
        panel.set_xlim(-0.5, 1.5)
        panel.set_xticks([0, 1], ["10 %", "90 %"], fontsize=8)
        panel.set_title(group, loc="left", fontsize=10)
        panel.spines[["top", "right"]].set_visible(False)
    return figure
