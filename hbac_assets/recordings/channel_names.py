"""Channel labels, in the spellings of recorders, and the two amplifier inputs that they name."""

import re
from typing import NamedTuple

from hbac_assets.signals.montage import ELECTRODES

# The newer names of the 10-10 system beside the older ones of the 10-20 system (Acharya et al. 2016, American Clinical
# Neurophysiology Society Guideline 2, https://doi.org/10.1097/WNP.0000000000000316).
NEWER_NAMES = {"T7": "T3", "T8": "T4", "P7": "T5", "P8": "T6"}
CANONICAL = {name.upper(): name for name in ELECTRODES} | NEWER_NAMES
UNNAMED = ""
"""The reference if a label names none."""

_LABEL = re.compile(
    r"(?:(?:EEG|POL)[\s:_.-]*)?"  # type of the signal, or Nihon Kohden's prefix
    r"(?P<plus>[A-Z]{1,3}\d{0,2}|[^\W\d_]{2,4}\d{0,2})[\s.]*"
    r"(?:(?P<between>[-:_/\s]+)(?P<minus>.+?))?"
)
_COPY = re.compile(r"(^|[-\s]+)\d+$")
"""The number that some programs append to duplicate names."""


class Inputs(NamedTuple):
    """The inputs whose difference a channel is: electrodes by their older names, others in capitals."""

    plus: str
    minus: str


def inputs(label: str) -> Inputs | None:
    """Return the inputs that a label names; None if neither is an electrode of the 10-20 system.

    Case, blanks and the type of the signal are ignored. `EEG Fp1-REF`, `FP1-LE`, `POL Fp1`, `Fp1.`: Fp1, against the
    named reference or an unnamed one. `T7-P7`: T3 against T5.
    """
    found = _LABEL.fullmatch(label.strip().upper())
    if not found:
        return None
    minus = _COPY.sub("", re.sub(r"\s", "", found["minus"] or "").rstrip("."))
    named = Inputs(*(CANONICAL.get(name, name) for name in (found["plus"], minus)))
    difference = "-" in (found["between"] or "")
    return named if named.plus in ELECTRODES or (difference and named.minus in ELECTRODES) else None
