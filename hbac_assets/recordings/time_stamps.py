"""EDF+ time-stamped annotation lists: the onset of each record, and annotations.

A list is an onset, optionally a duration after byte 21, then texts between bytes 20, and ends with byte 0. The first
list of a record begins with its onset and an empty text
(https://www.edfplus.info/specs/edfplus.html#edfplusannotations).
"""

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from hbac_assets.recordings.recording import Annotation, refusal

_LIST = re.compile(rb"([+-]\d+(?:\.\d*)?)(?:\x15(\d+(?:\.\d*)?))?\x14([^\0]*)\0")


def record_onset(path: Path, number: int, record: bytes) -> Fraction:
    """Return the onset of a record in seconds from the start that the header gives.

    Args:
        path: the file.
        number: of the record, counted from 0.
        record: its bytes of the first annotation signal.

    Raises:
        HbacError: it has no time stamp.
    """
    found = _LIST.match(record + b"\0")
    if not found:
        expected = f"a time stamp in record {number + 1}"
        raise refusal(path, expected, repr(record.strip(b"\0")[:20]), "export it again, as a continuous file (EDF+C)")
    return Fraction(Decimal(found[1].decode()))


def annotations_in(signals: Iterable[Iterable[bytes]], zero: Fraction) -> Iterator[Annotation]:
    """Yield the annotations with text.

    Args:
        signals: for each signal of annotations its bytes in each record.
        zero: the onset that is time 0.
    """
    for record in (record for records in signals for record in records):
        for onset, duration, texts in _LIST.findall(record + b"\0"):
            seconds = float(Fraction(Decimal(onset.decode())) - zero)
            for text in filter(None, texts.split(b"\x14")):
                yield Annotation(seconds, float(duration or 0), _readable(text))


def _readable(text: bytes) -> str:
    """Return the text on one line; EDF+ requires UTF-8, which not every recorder writes."""
    try:
        decoded = text.decode()
    except UnicodeDecodeError:
        decoded = text.decode("latin-1")
    return " ".join(decoded.split())
