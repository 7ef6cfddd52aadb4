"""What cannot be used is set aside, row by row or file by file, while the rest goes on; and how much is too much."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from hbac_assets.errors import HbacError

COLUMNS = ("file", "row", "reason", "detail")
"""Of the list of what is set aside: the file; of a table's row its number, counted from 1 after the header; the reason
in a few words, by which it is counted; the whole line."""

TOLERATED = 0.1
"""Share above which something is wrong with all of it: another unit, another column, half a download."""


def rows_set_aside(
    file: Path, rows: Iterable[int], reason: str | Sequence[str], details: Iterable[str]
) -> pd.DataFrame:
    """Return the table of rows of a file that are set aside, for one reason or each for its own."""
    return typed(pd.DataFrame({"file": str(file), "row": list(rows), "reason": reason, "detail": list(details)}))


def files_set_aside(files: Iterable[str], reason: str, details: Iterable[str]) -> pd.DataFrame:
    """Return the table of files that are set aside as a whole for one reason."""
    return typed(pd.DataFrame({"file": list(files), "row": pd.NA, "reason": reason, "detail": list(details)}))


def together(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return several such tables as one."""
    filled = [part for part in parts if len(part)]
    return typed(pd.concat(filled, ignore_index=True)) if filled else typed(pd.DataFrame(columns=list(COLUMNS)))


def typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Return such a table with the types of its columns, also where it is empty."""
    return frame[list(COLUMNS)].astype({"file": "str", "row": "Int64", "reason": "str", "detail": "str"})


def counted(set_aside: pd.DataFrame) -> str:
    """Return how much is set aside for which reason, such as `2 no votes, 1 repeated`; `nothing` where it is empty."""
    reasons = set_aside["reason"].value_counts()
    return ", ".join(f"{count} {reason}" for reason, count in reasons.items()) or "nothing"


def require_tolerable(what: str, set_aside: pd.DataFrame, of: int, tolerated: float) -> None:
    """Refuse to go on with what is left where too large a share, or all of it, is set aside.

    Args:
        what: is counted, such as `train.csv: rows`.
        set_aside: the list of those that are.
        of: how many there are.
        tolerated: the largest share.

    Raises:
        HbacError: with the counts and the line of the first.
    """
    if len(set_aside) > min(tolerated * of, of - 1):
        raise HbacError(
            f"{what}: {len(set_aside)} of {of} cannot be used, at most {tolerated:.1%} are set aside "
            f"(tolerated_share); the first: {set_aside['detail'].iloc[0]}"
        )
