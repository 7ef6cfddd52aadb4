"""Figures as readers need them: named axes, a legend where there are several series, nothing cut off."""

import re

NUMBER = re.compile(r"[\d.,\s%\u2212$\\{}^+-]*|\$\\mathdefault.*")
COLORBAR, INCHES = "<colorbar>", 0.02
"""How matplotlib marks the axes of a colour bar; how far the outermost ink may be beyond the edge."""


def defects(figure):
    """Return what a reader would miss in a figure that was drawn, in a few words each."""
    found = []
    for axes in figure.get_axes():
        if axes.axison and axes.get_label() != COLORBAR:
            found += _defects_of(axes, figure)
    box, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    if min(box.x0, box.y0, width - box.x1, height - box.y1) < -INCHES:
        found.append("something is cut off")
    return found


def _defects_of(axes, figure):
    found = []
    for name, siblings in (("x", axes.get_shared_x_axes()), ("y", axes.get_shared_y_axes())):
        together = siblings.get_siblings(axes)
        named = any(getattr(one, f"get_{name}label")() for one in together)
        worded = any(
            not NUMBER.fullmatch(tick.get_text())
            for one in together
            for tick in getattr(one, f"get_{name}ticklabels")()
        )
        if not (named or worded):
            found.append(f"the {name} axis has no name")
    _, labels = axes.get_legend_handles_labels()
    if len(set(labels)) > 1 and not (axes.get_legend() or figure.legends):
        found.append("several series and no legend")
    return found
