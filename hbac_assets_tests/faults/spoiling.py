"""Ways to spoil a table or a recording of a download."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

Spoil = Callable[[Path], None]
TRAIN, TEST, SAMPLE = "train.csv", "test.csv", "sample_submission.csv"


def replaced(path: Path, content: bytes) -> None:
    """Put other bytes in the place of a file that may be a link."""
    path.unlink()
    path.write_bytes(content)


def table(name: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Spoil:
    """Return what changes a table and writes it anew."""

    def spoil(download: Path) -> None:
        changed = change(pd.read_csv(download / name))
        replaced(download / name, changed.to_csv(index=False).encode())

    return spoil


def cell(name: str, row: int, column: str, value: str | float) -> Spoil:
    """Return what changes one cell; rows are counted from 1."""

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        frame = frame.astype({column: object})
        frame.loc[row - 1, column] = value
        return frame

    return table(name, change)


def cells(name: str, row: int, **values: str | float) -> Spoil:
    """Return what changes several cells of a row; rows are counted from 1."""

    def spoil(download: Path) -> None:
        for column, value in values.items():
            cell(name, row, column, value)(download)

    return spoil


def content(name: str, change: Callable[[bytes], bytes]) -> Spoil:
    """Return what changes the bytes of a file."""
    return lambda download: replaced(download / name, change((download / name).read_bytes()))


def absent(name: str) -> Spoil:
    """Return what removes a file."""
    return lambda download: (download / name).unlink()


def first_file(download: Path, kind: str) -> Path:
    """Return a file of a kind, `spectrogram` or `eeg`, of the training set; always the same."""
    return sorted((download / f"train_{kind}s").iterdir())[0]


def recording(kind: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Spoil:
    """Return what changes the table in a recording's file."""

    def spoil(download: Path) -> None:
        path = first_file(download, kind)
        changed = change(pd.read_parquet(path))
        path.unlink()
        changed.to_parquet(path, index=False)

    return spoil


def recording_bytes(kind: str, change: Callable[[bytes], bytes]) -> Spoil:
    """Return what changes the bytes of a recording's file."""
    return lambda download: replaced(first_file(download, kind), change(first_file(download, kind).read_bytes()))
