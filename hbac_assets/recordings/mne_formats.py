"""BrainVision, EEGLAB, Nihon Kohden, Persyst and others, read by MNE-Python (Gramfort et al. 2013, extra `formats`).

MNE-Python: https://doi.org/10.3389/fnins.2013.00267.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hbac_assets.errors import HbacError
from hbac_assets.recordings.recording import Annotation, Channel, Segment, refusal

if TYPE_CHECKING:
    from mne.io import BaseRaw

SUFFIXES = (
    ".vhdr", ".ahdr", ".set", ".fif", ".cnt", ".eeg", ".lay", ".gdf", ".mff", ".nxe", ".data", ".nedf", ".cdt",
)  # fmt: skip
"""BrainVision, EEGLAB, FIF, Neuroscan or ANT, Nihon Kohden, Persyst, GDF, EGI, Eximia, Nicolet, Enobio, Curry."""
VOLTS = 107
"""The FIF constant for the unit."""
NEW_SEGMENT = "New Segment/"
"""BrainVision's mark for a pause of unknown length in the recording."""


@dataclass(frozen=True, eq=False)
class MneRecording:
    """A recording opened by MNE-Python; see `Recording`. Samples that it marks as not recorded are NaN."""

    path: Path
    channels: tuple[Channel, ...]
    segments: tuple[Segment, ...]
    start: datetime | None
    annotations: tuple[Annotation, ...]
    remarks: tuple[str, ...]
    raw: "BaseRaw"

    def read(self, channels: Sequence[int], segment: int, first: int, after: int) -> np.ndarray:
        """Return float64 (samples, channels); see `Recording`."""
        values: np.ndarray = self.raw.get_data(
            list(channels), first, after, reject_by_annotation="NaN", verbose="error"
        )
        return values.T


def open_by_mne(path: Path) -> MneRecording:
    """Return the recording in a file of one of the formats of `SUFFIXES`.

    Raises:
        HbacError: the extra is not installed, the file cannot be read, or the recording was paused.
    """
    try:
        import mne
    except ImportError as error:
        raise HbacError(
            f"{path}: expected EDF, BDF or parquet, found {path.suffix}; install the extra that reads it: "
            "pip install 'hbac-assets[formats]'"
        ) from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            raw = mne.io.read_raw(path, preload=False, verbose="error")
    except Exception as error:  # readers raise many types
        raise refusal(path, f"a {path.suffix} file with its companion files", error, "export it again") from error
    remarks = list(raw.annotations)
    if any(one["onset"] > 0 and str(one["description"]).startswith(NEW_SEGMENT) for one in remarks):
        raise refusal(
            path, "one continuous recording", "a pause (New Segment)", "export each part as a file of its own"
        )
    rate = Fraction(raw.info["sfreq"]).limit_denominator(10**6)
    started = raw.info["meas_date"]
    return MneRecording(
        path,
        tuple(Channel(one["ch_name"], "V" if int(one["unit"]) == VOLTS else "", rate) for one in raw.info["chs"]),
        (Segment(Fraction(), raw.n_times / rate),),
        started.replace(tzinfo=None) if started else None,
        tuple(_annotation(one, raw.first_time) for one in remarks),
        (),
        raw,
    )


def _annotation(one: Mapping[str, Any], first: float) -> Annotation:
    text = " ".join(str(one["description"]).split())
    return Annotation(float(one["onset"]) - first, float(one["duration"]), text)
