"""A test set in Kaggle's layout as windows, and its predictions as submission.csv, without pandas."""

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hbac_assets.competition.eeg_file import read_eeg
from hbac_assets.competition.faults import fault
from hbac_assets.competition.parquet_file import RecordingError
from hbac_assets.competition.spectrogram_file import read_spectrogram
from hbac_assets.competition.windows import LEAST, MIDDLE, eeg_window, in_the_middle, spectrogram_window
from hbac_assets.labels import VOTE_COLUMNS
from hbac_assets.scoring.combining import in_order
from hbac_assets.signals.montage import EEG_WINDOW
from hbac_assets.signals.spectrogram_grid import WINDOW_COLUMNS
from hbac_assets.signals.window import Window


@dataclass(frozen=True)
class KaggleFolder:
    """test.csv and the recordings that it names.

    Attributes:
        folder: with `test.csv`, `test_spectrograms/`, `test_eegs/` and optionally `sample_submission.csv`.
        rows: of test.csv, as text by column.
    """

    folder: Path
    rows: list[dict[str, str]]

    @classmethod
    def read(cls, folder: Path) -> "KaggleFolder":
        """Read test.csv.

        Raises:
            HbacError: it is missing, has no rows, or lacks a column.
        """
        return cls(folder, _table(folder / "test.csv", ("spectrogram_id", "eeg_id")))

    def windows(self, reads: frozenset[str], say: Callable[[str], None]) -> Iterator[Window]:
        """Yield the window of each row; a recording that cannot be read is reported and left out.

        Args:
            reads: the kinds of recordings to read, as in `Member.reads`.
            say: called with one line for each recording left out.
        """
        for row in self.rows:
            found: dict[str, np.ndarray | None] = {}
            for name, read in ((name, read) for name, read in READERS.items() if name in reads):
                try:
                    found[name] = read(self.folder, row)
                except RecordingError as error:
                    say(str(error))
            yield Window(**found, patient=row.get("patient_id") or None, recording=row["eeg_id"])

    def write_submission(self, probabilities: np.ndarray, path: Path) -> None:
        """Write predictions (N, 6) of the rows in the order of sample_submission.csv, or of test.csv without one.

        Raises:
            HbacError: sample_submission.csv has an EEG that test.csv lacks.
        """
        known, sample = [row["eeg_id"] for row in self.rows], self.folder / "sample_submission.csv"
        wanted = [row["eeg_id"] for row in _table(sample, ("eeg_id",))] if sample.exists() else known
        for number, eeg in enumerate(wanted):
            if eeg not in known:
                raise fault(sample, "an eeg_id of test.csv", eeg, row=number, column="eeg_id")
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["eeg_id", *VOTE_COLUMNS])
            for eeg, row in zip(wanted, in_order(known, probabilities, wanted), strict=True):
                writer.writerow([eeg, *map(repr, row.tolist())])


def _spectrogram(folder: Path, row: dict[str, str]) -> np.ndarray | None:
    if not row["spectrogram_id"]:
        return None
    power = read_spectrogram(folder / "test_spectrograms" / f"{row['spectrogram_id']}.parquet", LEAST)
    offset = _offset(row, "spectrogram_label_offset_seconds")
    return spectrogram_window(in_the_middle(power, WINDOW_COLUMNS, axis=1), offset)


def _eeg(folder: Path, row: dict[str, str]) -> np.ndarray | None:
    eeg = read_eeg(folder / "test_eegs" / f"{row['eeg_id']}.parquet", LEAST)
    window = eeg_window(in_the_middle(eeg, EEG_WINDOW, axis=0), _offset(row, "eeg_label_offset_seconds"))
    return window if len(window) == EEG_WINDOW else None


READERS = {"spectrogram": _spectrogram, "eeg": _eeg}


def _offset(row: dict[str, str], column: str) -> int:
    """Return the beginning of a window in s; `MIDDLE` if the table has none."""
    return int(float(row[column])) if row.get(column) else MIDDLE


def _table(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    if not path.is_file():
        raise fault(path, "a file", "none", "name a folder in Kaggle's layout")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows:
        raise fault(path, "at least one row", "none below the header")
    for column in columns:
        if column not in rows[0]:
            raise fault(path, "the column once", f"none among {', '.join(map(str, rows[0]))}", column=column)
    return rows
