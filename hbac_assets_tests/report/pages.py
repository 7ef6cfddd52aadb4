"""Parsing of HTML pages for tests, independent of the code that wrote them."""

import base64
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np

FETCHED = {"src", "href", "srcset", "data", "action", "poster", "background", "formaction"}
VOID = {"meta", "img", "br", "link", "input", "hr"}
NOT_KNOWN = "–"


@dataclass
class Table:
    """A table's header, and its cells by row and column."""

    header: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    scopes: set[str] = field(default_factory=set)

    def records(self) -> list[dict[str, str]]:
        """Return a record for each row."""
        return [dict(zip(self.header, row, strict=True)) for row in self.rows]


class Page(HTMLParser):
    """The contents of a page; every element is properly closed.

    Attributes:
        tables: by caption.
        headings: level and text.
        images: attributes of each.
        tags: attributes of every element, by name.
        text: the visible text.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: dict[str, Table] = {}
        self.headings: list[tuple[int, str]] = []
        self.images: list[dict[str, str]] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self._open: list[str] = []
        self._table, self._caption, self._words = Table(), "", ""
        self.feed(html)
        self.close()
        assert not self._open

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.tags.append((tag, found))
        if tag == "img":
            self.images.append(found)
        if tag not in VOID:
            self._open.append(tag)
        if tag == "table":
            self._table, self._caption = Table(), ""
        if tag == "tr" and "tbody" in self._open:
            self._table.rows.append([])
        if tag == "th":
            self._table.scopes.add(found.get("scope", ""))
        if tag in ("th", "td", "caption") or re.fullmatch("h[1-6]", tag):
            self._words = ""

    def handle_endtag(self, tag):
        assert self._open.pop() == tag
        words = " ".join(self._words.split())
        if tag in ("th", "td"):
            (self._table.rows[-1] if "tbody" in self._open else self._table.header).append(words)
        elif tag == "caption":
            self._caption = words
        elif tag == "table":
            assert self._caption not in self.tables, self._caption
            self.tables[self._caption] = self._table
        elif re.fullmatch("h[1-6]", tag):
            self.headings.append((int(tag[1]), words))

    def handle_data(self, text):
        self._words += text
        if not {"style", "script", "title"} & set(self._open):
            self.text += text

    def table(self, beginning: str) -> Table:
        """Return the one table whose caption begins so."""
        (found,) = (table for caption, table in self.tables.items() if caption.startswith(beginning))
        return found


def require_self_contained(html: str) -> Page:
    """Require that a browser fetches nothing and runs nothing, and that the page is in order; return it."""
    page = Page(html)
    assert len(html) < 5_000_000
    names = [tag for tag, _ in page.tags]
    assert not {"script", "link", "iframe", "object", "embed", "base", "form"} & set(names)
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for tag, attributes in page.tags:
        assert not any(name.startswith("on") for name in attributes), tag
        for name in FETCHED & set(attributes):
            value = attributes[name]
            assert value.startswith("data:image/") if tag == "img" else value.removeprefix("#") in ids, value
    (style,) = re.findall("<style>(.*?)</style>", html, re.DOTALL)
    assert "url(" not in style
    assert "@import" not in style
    levels = [level for level, _ in page.headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(table.scopes == {"col", "row"} for table in page.tables.values())
    for image in page.images:
        assert image["alt"].strip()
        content = base64.b64decode(image["src"].partition(",")[2])
        assert content.startswith(b"\x89PNG") or b"<svg " in content[:500]
        assert b"<image" not in content
    return page


def shows(text: str, value: float | str | None) -> bool:
    """Return whether a cell shows a value, to all of its digits; a dash stands for an unknown value."""
    if value is None or value is NOT_KNOWN or (isinstance(value, float) and np.isnan(value)):
        return text == NOT_KNOWN
    if isinstance(value, str):
        return text == value
    if not re.fullmatch(r"[+-]?[\d,]+(\.\d+)?%?", text):
        return False
    digits = len(text.rstrip("%").partition(".")[2])
    found = float(text.rstrip("%").replace(",", ""))
    expected = 100 * value if text.endswith("%") else value
    return abs(found - expected) <= 0.5000001 * 10.0**-digits


def require_shown(table: Table, expected: list[list[float | str | tuple | None]]) -> None:
    """Require that a table's cells show these values, row by row; a pair stands for an interval."""
    assert len(table.rows) == len(expected)
    for row, values in zip(table.rows, expected, strict=True):
        assert len(row) == len(values) == len(table.header)
        for cell, value in zip(row, values, strict=True):
            if isinstance(value, tuple) and value[0] is not None:
                low, high = cell.strip("[]").split(", ")
                assert cell == f"[{low}, {high}]", row
                assert shows(low, value[0]), (row, value)
                assert shows(high, value[1]), (row, value)
            else:
                assert shows(cell, None if isinstance(value, tuple) else value), (row, value)
