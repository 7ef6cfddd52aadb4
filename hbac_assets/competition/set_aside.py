"""Setting aside rows and files that cannot be used, and the limit of their number."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from hbac_assets.errors import HbacError

COLUMNS = ("file", "row", "reason", "detail")
"""Columns of the list: the file; a table row's number, counted from 1 after the header; the reason in a few words, by
which it is counted; the whole line."""

TOLERATED = 0.1
"""Fraction above which all data are suspect: another unit, another column, an incomplete download."""


def rows_set_aside(
    file: Path, rows: Iterable[int], reason: str | Sequence[str], details: Iterable[str]
) -> pd.DataFrame:
    """Return the table of rows of a file that are set aside, for one reason or one each."""
    return typed(pd.DataFrame({"file": str(file), "row": list(rows), "reason": reason, "detail": list(details)}))


def files_set_aside(files: Iterable[str], reason: str, details: Iterable[str]) -> pd.DataFrame:
    """Return the table of files that are set aside for one reason."""
    return typed(pd.DataFrame({"file": list(files), "row": pd.NA, "reason": reason, "detail": list(details)}))


def together(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Concatenate several such tables."""
    filled = [part for part in parts if len(part)]
    return typed(pd.concat(filled, ignore_index=True)) if filled else typed(pd.DataFrame(columns=list(COLUMNS)))


def typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Return such a table with the types of its columns, even if it is empty."""
    return frame[list(COLUMNS)].astype({"file": "str", "row": "Int64", "reason": "str", "detail": "str"})


def counted(set_aside: pd.DataFrame) -> str:
    """Return the counts by reason, such as `2 no votes, 1 repeated`; `nothing` if the table is empty."""
    reasons = set_aside["reason"].value_counts()
    return ", ".join(f"{count} {reason}" for reason, count in reasons.items()) or "nothing"


def require_tolerable(what: str, set_aside: pd.DataFrame, of: int, tolerated: float) -> None:
    """Refuse to continue if too large a fraction, or everything, is set aside.

    Args:
        what: the items counted, such as `train.csv: rows`.
        set_aside: the list.
        of: the total number.
        tolerated: the largest fraction.

    Raises:
        HbacError: with the counts and the first entry's line.
    """
    if len(set_aside) > min(tolerated * of, of - 1):
        raise HbacError(
            f"{what}: {len(set_aside)} of {of} cannot be used, at most {tolerated:.1%} are set aside "
            f"(tolerated_share); the first: {set_aside['detail'].iloc[0]}"
        )
