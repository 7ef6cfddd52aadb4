"""Figures without a window system and without pyplot's global state: made, drawn on, returned as PNG.

What is drawn belongs to the `pictures` module of each layer.
"""

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DOTS_PER_INCH = 110


def new_figure(width: float, height: float) -> "Figure":
    """Return an empty figure of `width` × `height` inches that keeps its labels clear of each other."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def new_axes(width: float, height: float, title: str) -> tuple["Figure", "Axes"]:
    """Return a new figure and its only axes, titled and without a box."""
    figure = new_figure(width, height)
    axes = figure.add_subplot()
    axes.set_title(title, loc="left", fontsize=11, pad=18)  # room for the names of lines
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def png(figure: "Figure") -> bytes:
    """Return the bytes of `figure` as a PNG file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
