"""The layout of signals in the records of an EDF or BDF file, from its header.

The format: https://www.edfplus.info/specs/edf.html.
"""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path

import numpy as np

from hbac_assets.recordings.recording import refusal

MAGIC = {b"0       ": 2, b"\xffBIOSEMI": 3}
"""The first eight bytes of EDF and BDF, and the bytes per sample."""

FIELD = 256
"""Bytes of the header's fixed part, and of its part for each signal."""
RECORDS, DURATION, SIGNALS = slice(236, 244), slice(244, 252), slice(252, 256)
LABEL, BEFORE_SAMPLES, SAMPLES = 16, 216, 8
"""Bytes of a signal's label, of all its fields before the number of samples in a record, and of that number."""
MOST_SIGNALS = 1000
"""The largest number of signals; more mean that the bytes are no header."""


@dataclass(frozen=True)
class Layout:
    """The layout of the records.

    Attributes:
        header: the length of the header in bytes.
        bytes_per_sample: 2 in EDF, 3 in BDF.
        labels: of the signals, including annotations.
        samples: of each signal in a record.
        duration: of a record, in seconds.
        announced: the number of records in the header; -1 if unknown to the recorder.
    """

    header: bytes
    bytes_per_sample: int
    labels: tuple[str, ...]
    samples: tuple[int, ...]
    duration: Fraction
    announced: int

    @property
    def offsets(self) -> list[int]:
        """Bytes from the start of a record to each signal and, last, to its end."""
        return [int(samples) * self.bytes_per_sample for samples in np.cumsum([0, *self.samples])]

    @property
    def is_annotation(self) -> list[bool]:
        """Whether each signal holds annotations."""
        name = "EDF Annotations" if self.bytes_per_sample == 2 else "BDF Annotations"
        return [label == name for label in self.labels]


def read_layout(path: Path) -> Layout:
    """Return the layout of the records in a file that begins as EDF or BDF.

    Raises:
        HbacError: the header is truncated, or its values are impossible.
    """
    with path.open("rb") as file:
        main = file.read(FIELD)
        count = _number(path, main[SIGNALS], "signals")
        if not 0 < count <= MOST_SIGNALS:
            raise refusal(path, f"a header of 1 to {MOST_SIGNALS} signals", count, "export it again")
        header = main + file.read(count * FIELD)
    if len(header) < (count + 1) * FIELD:
        whole = f"a header of {(count + 1) * FIELD} bytes for {count} signals"
        raise refusal(path, whole, f"{len(header)} bytes", "the file is cut short; copy or export it again")
    places = (FIELD + count * BEFORE_SAMPLES + SAMPLES * number for number in range(count))
    return Layout(
        header,
        MAGIC[main[:8]],
        tuple(_text(header[FIELD + LABEL * number : FIELD + LABEL * (number + 1)]) for number in range(count)),
        tuple(_number(path, header[place : place + SAMPLES], "samples in a record") for place in places),
        _duration(path, main[DURATION]),
        _number(path, main[RECORDS], "records"),
    )


def _duration(path: Path, field: bytes) -> Fraction:
    try:
        duration = Fraction(Decimal(_text(field)))
    except (InvalidOperation, ValueError, OverflowError):
        duration = Fraction(0)
    if duration <= 0:
        raise refusal(path, "records that last longer than 0 s", repr(_text(field)), "export it again")
    return duration


def _number(path: Path, field: bytes, what: str) -> int:
    try:
        return int(_text(field))
    except ValueError:
        raise refusal(path, f"a header with the number of {what}", repr(_text(field)), "export it again") from None


def _text(field: bytes) -> str:
    return field.decode("latin-1").strip("\0 ")
