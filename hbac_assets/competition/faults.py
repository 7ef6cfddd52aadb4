"""The error by which this layer reports bad input, in one line."""

from pathlib import Path

from hbac_assets.errors import HbacError

DOWNLOAD_AGAIN = "correct it or download it again"


def fault(
    file: Path,
    expected: str,
    found: object,
    remedy: str = DOWNLOAD_AGAIN,
    *,
    row: int | None = None,
    column: str = "",
) -> HbacError:
    """Return the error for an invalid value.

    Args:
        file: that contains it.
        expected: the valid contents.
        found: the actual contents.
        remedy: for the user.
        row: rows are counted from 0 here and from 1, after the header, in the message.
        column: the name of the column or columns.
    """
    place = [str(file)]
    if row is not None:
        place.append(f"row {row + 1}")
    if column:
        place.append(f"column {column}")
    return HbacError(f"{', '.join(place)}: expected {expected}, found {found}; {remedy}")
