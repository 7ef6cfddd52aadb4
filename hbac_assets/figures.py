"""Matplotlib figures without a window system and without pyplot's global state, rendered as PNG or SVG.

The contents belong to the `pictures` module of each layer. The colours are those of Okabe and Ito, which colour-blind
people can distinguish (Okabe and Ito 2008, Color Universal Design, https://jfly.uni-koeln.de/color/); colour is never
the only cue: a marker, a line style or a label repeats it.
"""

import io
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DOTS_PER_INCH = 110

VERMILION, ORANGE, YELLOW, GREEN = "#d55e00", "#e69f00", "#f0e442", "#009e73"
BLUE, SKY, PURPLE = "#0072b2", "#56b4e9", "#cc79a7"
GREY, PALE = "#767676", "#dddddd"

CLASS_COLORS = (VERMILION, ORANGE, YELLOW, BLUE, SKY, PALE)
"""Fill colours, in the order of `labels.CLASSES`; the last one is muted."""


def new_figure(width: float, height: float, *, adjusting: bool = True) -> "Figure":
    """Return an empty figure of `width` × `height` inches; `adjusting` keeps labels from overlapping."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=DOTS_PER_INCH, layout="constrained" if adjusting else None)
    FigureCanvasAgg(figure)
    return figure


def new_axes(width: float, height: float, title: str) -> tuple["Figure", "Axes"]:
    """Return a new figure and its only axes, with a title and without a frame."""
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


def few_colours_png(figure: "Figure", colours: int = 64) -> bytes:
    """Return `figure` as a PNG file with a palette: a quarter of the size, without visible loss."""
    return with_few_colours(png(figure), colours)


def with_few_colours(picture: bytes, colours: int = 64) -> bytes:
    """Return a PNG file with at most `colours` colours; one with a palette is returned unchanged."""
    from PIL import Image

    image = Image.open(io.BytesIO(picture), formats=["PNG"])
    if image.mode == "P":
        return picture
    buffer = io.BytesIO()
    few = image.convert("RGB").quantize(colours, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def svg(figure: "Figure") -> bytes:
    """Return the bytes of `figure` as an SVG file, with text as outlines; the same figure gives the same bytes.

    A glyph that the font lacks is an empty box.
    """
    from matplotlib import rc_context

    buffer = io.BytesIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with rc_context({"svg.hashsalt": "hbac", "svg.fonttype": "path"}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        figure.savefig(buffer, format="svg", metadata=nothing)
    return buffer.getvalue()


def plain(text: str) -> str:
    """Return a text with dollar signs escaped, so that matplotlib reads no formula."""
    return text.replace("$", r"\$")
