"""Reading a CSV table as text, in the variants that spreadsheets and other programs write.

A byte-order mark, UTF-16, gzip, semicolons, tabs, quotes, blank lines and an index column are accepted. Anything
unusual gives a remark, and a row with too few or too many fields is set aside. The meaning of cells belongs to
`columns`; the columns of a table and conditions across rows belong to `tables`.
"""

import codecs
import csv
import gzip
import re
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd

from hbac_assets.competition.faults import fault

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
GZIP, ZIP = b"\x1f\x8b", b"PK"
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
DECIMAL_COMMA = re.compile(r"^([-+]?[0-9]*),([0-9]+)$")


@dataclass(frozen=True)
class TextTable:
    """A table whose cells are text.

    Attributes:
        cells: without surrounding spaces; column names in lower case. The index is the rows' numbers in the file, 1 for
            the one after the header.
        uneven: the rows whose number of fields differs from the header's: number and problem.
        remarks: anything unusual about the file, for people.
    """

    cells: pd.DataFrame
    uneven: dict[int, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.cells) + len(self.uneven)


def read_text_table(path: Path, known: Collection[str]) -> TextTable:
    """Return the known columns of the table in a file.

    Args:
        path: the file.
        known: names of columns, by which the separator is recognised.

    Raises:
        HbacError: the file is missing, unreadable, empty, no table in text, or ends within a row.
    """
    text, remarks = _decoded(path)
    lines = list(StringIO(text, newline=""))
    if lines and (named := re.fullmatch(r"sep=(.)\s*", lines[0])):
        remarks.append(f"its first line says that {SEPARATORS.get(named[1], named[1])} separate the columns")
        lines = lines[1:]
    if not lines:
        raise fault(path, "a comma-separated table in UTF-8", "an empty file")
    separator = _separator(lines[0], known)
    if separator != ",":
        remarks.append(f"{SEPARATORS[separator]} separate its columns")
    header, rows, uneven, blank = _rows(path, lines, separator)
    if blank:
        remarks.append(f"{blank} blank rows are skipped")
    ignored = [name for name in header if name not in known]
    if ignored:
        names = ", ".join(name or "one without a name" for name in ignored)
        remarks.append(f"unused columns are ignored: {names}")
    _require_distinct(path, header, known)
    cells = pd.DataFrame(list(rows.values()), columns=header, index=list(rows), dtype="str")
    cells = cells[[name for name in header if name in known]].apply(lambda column: column.str.strip())
    if separator != ",":
        cells = cells.apply(lambda column: column.str.replace(DECIMAL_COMMA, r"\1.\2", regex=True))
    return TextTable(cells, uneven, tuple(remarks))


def require_file(path: Path) -> None:
    """Require that a table exists.

    Raises:
        HbacError: it does not.
    """
    if not path.is_file():
        packed = [one for one in (path.with_name(f"{path.name}.{suffix}") for suffix in ("gz", "zip")) if one.is_file()]
        remedy = f"unpack {packed[0].name}" if packed else "download the competition's data or correct HBAC_DATA_DIR"
        raise fault(path, "a file", "a folder" if path.is_dir() else "none", remedy)


def _decoded(path: Path) -> tuple[str, list[str]]:
    """Return the text of a file, and remarks on its compression and encoding."""
    require_file(path)
    remarks = []
    try:
        content = path.read_bytes()
        if content.startswith(GZIP):
            content = gzip.decompress(content)
            remarks.append("it is packed by gzip")
        if content.startswith(ZIP):
            raise fault(
                path,
                "a comma-separated table",
                "an archive or a spreadsheet's own format",
                "unpack it or export it as CSV",
            )
        if content.startswith(UTF_16):
            remarks.append("its text is UTF-16")
            return content.decode("utf-16"), remarks
        return content.decode("utf-8-sig"), remarks
    except (OSError, EOFError, zlib.error, UnicodeError) as error:
        found = " ".join(str(error).split())
        raise fault(path, "a comma-separated table in UTF-8", found, "save it as UTF-8 or download it again") from error


def _separator(header: str, known: Collection[str]) -> str:
    """Return the separator that gives the most known columns in the header; a comma if none does."""

    def found(separator: str) -> int:
        return sum(_name(cell) in known for cell in header.split(separator))

    return max(SEPARATORS, key=found)


def _name(cell: str) -> str:
    return cell.strip().strip('"').strip().lower()


def _rows(path: Path, lines: list[str], separator: str) -> tuple[list[str], dict[int, list[str]], dict[int, str], int]:
    """Return the header, the rows by their numbers, the problems of uneven ones, and the number of blank ones."""
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=True)
    rows: dict[int, list[str]] = {}
    uneven: dict[int, str] = {}
    blank = 0
    header: list[str] = []
    for number, row in _on_lines_of_their_own(path, reader):
        if not any(map(str.strip, row)):
            blank += 1
        elif not header:
            header = [_name(cell) for cell in row]
        else:
            while len(row) > len(header) and not row[-1].strip():
                row.pop()
            if len(row) == len(header):
                rows[number] = row
            else:
                uneven[number] = f"expected {len(header)} fields, found {len(row)}"
    last = max(rows | uneven, default=0)
    if last in uneven and not lines[-1].endswith(("\n", "\r")):
        raise fault(path, f"{len(header)} fields", "the end of the file", "download it again", row=last - 1)
    return header, rows, uneven, blank


def _on_lines_of_their_own(path: Path, reader: Any) -> Iterator[tuple[int, list[str]]]:
    """Yield rows with their line numbers, 0 for the header; refuse an open quote, which would swallow many lines."""
    lines = 0
    try:
        for number, row in enumerate(reader):
            if reader.line_num > lines + 1:
                raise fault(path, "a row on one line", "a quote that is not closed", row=max(number - 1, 0))
            lines = reader.line_num
            yield number, row
    except csv.Error as error:
        raise fault(path, "a comma-separated table in UTF-8", f"line {lines + 1}: {error}") from error


def _require_distinct(path: Path, header: list[str], known: Collection[str]) -> None:
    for name in known:
        if header.count(name) > 1:
            found = f"{header.count(name)} times among {', '.join(header)}"
            raise fault(path, "the column once", found, column=name)
