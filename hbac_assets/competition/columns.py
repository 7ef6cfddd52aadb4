"""The kinds of columns: the accepted text of their cells, and its conversion to values.

Numbers are accepted in any notation: `3`, `3.0`, `3e0`. An invalid cell becomes a missing value; `tables` decides what
happens to its row.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hbac_assets.labels import CLASSES

LARGEST_ID = 2**63 - 1
EXACT = 2**53
"""Up to here every whole number is exact in float64."""
MOST_VOTES = 10**9
WHOLE = re.compile(r"([-+]?[0-9]+)(\.0*)?")
# It becomes the name of a file.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
SPLINTER = 1e-3
"""Tolerance in s by which a rounded time may miss a whole second."""


@dataclass(frozen=True)
class Kind:
    """A kind of column.

    Attributes:
        expected: the valid contents of a cell, for messages.
        parse: from text to values, missing (NaN or NA) where a cell is invalid.
        dtype: of the values if none is missing; None keeps that of `parse`.
    """

    expected: str
    parse: Callable[[pd.Series], pd.Series]
    dtype: str | None = None


def ids(cells: pd.Series) -> pd.Series:
    """Return ids: whole numbers if most are, otherwise text that can name a file."""
    numbers = pd.Series([_whole(cell) for cell in cells], cells.index, dtype="object")  # float64 loses digits
    if numbers.notna().sum() * 2 >= len(cells):
        return numbers.astype("Int64")
    return cells.where(cells.str.fullmatch(NAME), None)


def votes(cells: pd.Series) -> pd.Series:
    """Return numbers of votes."""
    numbers = _numbers(cells)
    return numbers.where((numbers >= 0) & (numbers <= MOST_VOTES) & (numbers == np.floor(numbers)))


def whole_numbers(cells: pd.Series) -> pd.Series:
    """Return whole numbers."""
    numbers = _numbers(cells)
    return numbers.where((numbers.abs() <= EXACT) & (numbers == np.floor(numbers)))


def seconds(cells: pd.Series) -> pd.Series:
    """Return offsets truncated to whole seconds, as public programs do."""
    numbers = _numbers(cells)
    floor: pd.Series = np.floor(numbers.where((numbers >= 0) & (numbers <= EXACT)) + SPLINTER)
    return floor


def classes(cells: pd.Series) -> pd.Series:
    """Return the names of classes in the competition's spelling."""
    return cells.str.lower().map({name.lower(): name for name in CLASSES})


def anything(cells: pd.Series) -> pd.Series:
    """Return the text; nothing computes with it."""
    return cells


def _numbers(cells: pd.Series) -> pd.Series:
    return pd.to_numeric(cells, errors="coerce").astype("float64").replace([np.inf, -np.inf], np.nan)


def _whole(cell: str) -> int | None:
    """Return the exact whole number in a cell; None if it is none or too large."""
    if found := WHOLE.fullmatch(cell):
        number = int(found[1])
        return number if abs(number) <= LARGEST_ID else None
    try:
        number_as_float = float(cell)
    except ValueError:
        return None
    return int(number_as_float) if abs(number_as_float) <= EXACT and number_as_float.is_integer() else None


ID = Kind("a whole number or a name of letters, digits, - and _", ids)
SUB_ID = Kind("a whole number", whole_numbers, "int64")
VOTES = Kind("a whole number of votes, 0 or more", votes, "int64")
OFFSET = Kind("a number of seconds, 0 or more", seconds, "int64")
CLASS = Kind(f"one of {', '.join(CLASSES)}", classes)
ANYTHING = Kind("anything", anything)
