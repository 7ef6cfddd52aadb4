"""The output files of a recording: written atomically, replaced only on request."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from hbac_assets.errors import HbacError
from hbac_assets.store.files import atomic_write

TABLES = (".csv", ".parquet")
DIGITS = "%.5f"
"""Decimal places in a CSV file; a parquet file has full precision."""


@dataclass(frozen=True)
class Outputs:
    """The files of one recording.

    Attributes:
        table: CSV or parquet.
        pictures: whether pictures are written beside it.
    """

    table: Path
    pictures: bool

    @property
    def overview(self) -> Path:
        """The picture of probabilities over time."""
        return self.table.with_suffix(".png")

    @property
    def moments(self) -> Path:
        """The picture of the top moments."""
        return self.table.with_suffix(".moments.png")

    def require_free(self) -> None:
        """Refuse to replace existing files.

        Raises:
            HbacError: one of the files exists.
        """
        for path in (self.table, *((self.overview, self.moments) if self.pictures else ())):
            if path.exists():
                raise HbacError(f"{path}: expected nothing there, found a file; give --overwrite or another --output")


def outputs(files: Sequence[Path], output: Path, *, pictures: bool) -> dict[Path, Outputs]:
    """Return the output files of each recording.

    Args:
        files: the recordings.
        output: a folder, for `<name>.predictions.csv` of each; for one recording also the path of the table.
        pictures: whether pictures are written.

    Raises:
        HbacError: results of several recordings would have one name, or the table's format is unknown.
    """
    if len(files) == 1 and output.suffix in TABLES and not output.is_dir():
        return {files[0]: Outputs(output, pictures)}
    if output.is_file() or (output.suffix in TABLES and not output.is_dir()):
        raise HbacError(f"--output: expected a folder for {len(files)} recordings, found {output}; name a folder")
    places: dict[Path, Path] = {}
    for file in files:
        table = output / f"{file.stem}.predictions.csv"
        if table in places and places[table] != file:
            raise HbacError(
                f"--output: expected recordings of different names, found {places[table]} and {file}, whose results "
                f"would both be {table}; predict them one by one"
            )
        places[table] = file
    return {file: Outputs(table, pictures) for table, file in places.items()}


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write the table in the format of the suffix.

    Raises:
        HbacError: the folder cannot be written, or the disk is full.
    """
    with atomic_write(path) as temporary:
        if path.suffix == ".parquet":
            table.to_parquet(temporary, index=False)
        else:
            table.to_csv(temporary, index=False, float_format=DIGITS)


def write_picture(picture: bytes, path: Path) -> None:
    """Write a PNG file.

    Raises:
        HbacError: the folder cannot be written, or the disk is full.
    """
    with atomic_write(path, size=len(picture)) as temporary:
        temporary.write_bytes(picture)
