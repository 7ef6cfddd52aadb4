"""A page as a tree of sections, and its HTML: one file without scripts or external resources."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

TEMPLATE = Path(__file__).with_name("page.html.j2")
PNG_BEGINNING = b"\x89PNG"


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    kind: ClassVar = "text"
    text: str


@dataclass(frozen=True)
class Items:
    """A list of sentences."""

    kind: ClassVar = "items"
    items: Sequence[str]


@dataclass(frozen=True)
class Picture:
    """A figure.

    Attributes:
        image: a PNG or SVG file.
        caption: its contents, and how to read them.
        alt: its contents in words, for those who cannot see it.
        width: in CSS pixels, if there is room.
    """

    kind: ClassVar = "picture"
    image: bytes
    caption: str
    alt: str
    width: int

    @property
    def uri(self) -> str:
        """The image as a data URI."""
        media_type = "image/png" if self.image.startswith(PNG_BEGINNING) else "image/svg+xml"
        return f"data:{media_type};base64,{base64.b64encode(self.image).decode()}"


@dataclass(frozen=True)
class Table:
    """A table whose first column names its rows.

    Attributes:
        caption: its contents.
        header: the names of the columns.
        rows: the cells.
        words: indices of the left-aligned columns of words; the first column always is.
        marked: indices of the highlighted rows.
        shades: for each row, the darkness of its cells after the first, from 0 to 1; empty for none.
    """

    kind: ClassVar = "table"
    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: frozenset[int] = frozenset()
    marked: frozenset[int] = frozenset()
    shades: Sequence[Sequence[float]] = ()

    def style(self, row: int, column: int) -> str:
        """Return the classes of a cell after the first."""
        names = ["word" if column in self.words else "number"]
        if self.shades:
            names.append(f"shade-{round(10 * self.shades[row][column - 1])}")
        return " ".join(names)


Block = Text | Items | Picture | Table


@dataclass(frozen=True)
class Section:
    """A heading and what is below it."""

    title: str
    blocks: Sequence[Block] = ()
    sections: Sequence["Section"] = ()

    @property
    def id(self) -> str:
        """The section's anchor."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")


@dataclass(frozen=True)
class Page:
    """A whole page.

    Attributes:
        title: of the page and of its window.
        lead: introductory paragraphs.
        warning: shown prominently; may be empty.
        sections: without empty ones.
    """

    title: str
    lead: Sequence[str]
    sections: Sequence[Section]
    warning: str = ""

    def html(self) -> str:
        """Return the page as HTML, with every text escaped."""
        from jinja2 import Environment, StrictUndefined

        environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
        return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(page=self)
