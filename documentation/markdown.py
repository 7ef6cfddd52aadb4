"""Pieces of Markdown."""

from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; cells may contain Markdown, but no line breaks."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def code(text: object) -> str:
    """Return text as inline code."""
    return f"`{text}`"


def one_line(text: str | None) -> str:
    """Return text without its line breaks."""
    return " ".join((text or "").split())


def first_paragraph(text: str | None) -> str:
    """Return the first paragraph of a docstring, on one line."""
    return one_line((text or "").partition("\n\n")[0])
