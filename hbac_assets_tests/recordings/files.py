"""One synthetic EEG as a file of each format, rate, unit and style of names, and invalid files."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, time
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from edfio import Bdf, BdfSignal, Edf, EdfAnnotation, EdfSignal, Recording

from hbac_assets.labels import CLASSES
from hbac_assets.recordings.derivation import derive
from hbac_assets.recordings.edf_layout import read_layout
from hbac_assets.recordings.opening import open_recording
from hbac_assets.recordings.signals import Signals
from hbac_assets.signals.montage import CHAINS, EEG_RATE, ELECTRODES
from hbac_assets.synthetic.latents import draw_course
from hbac_assets.synthetic.randomness import Purpose, stream
from hbac_assets.synthetic.recordings import plan
from hbac_assets.synthetic.rendering import render
from hbac_assets.synthetic.settings import SyntheticSettings

UNITS = {"uV": 1.0, "mV": 1e-3, "V": 1e-6, "µV": 1.0, "": 1.0}
RANGE_UV = 3276.8
"""The physical range of the files is ± this: steps of 0.1 µV in EDF."""
NEWER = {"T3": "T7", "T4": "T8", "T5": "P7", "T6": "P8"}
DERIVATIONS = tuple(dict.fromkeys(pair for chain in CHAINS.values() for pair in pairwise(chain)))


@cache
def synthetic_eeg(kind: str, seconds: int, seed: int = 0) -> np.ndarray:
    """Return (samples, 19) in µV at 200 Hz of a recording with episodes of a class; without gaps."""
    rng = stream(seed, Purpose.TEST_RECORDING, CLASSES.index(kind))
    planned = plan(SyntheticSettings(seed=seed, recordings=8))[0]
    course = draw_course(rng, kind, seconds, seconds // 2)
    excerpt = replace(planned.excerpts[0], start=seconds // 2, offsets=np.array([0]))
    eeg = render(replace(planned, course=course, excerpts=(excerpt,)))[:, : len(ELECTRODES)]
    return np.asarray(np.clip(np.nan_to_num(eeg), -RANGE_UV, RANGE_UV - 0.1))


def at_rate(eeg: np.ndarray, rate: int) -> np.ndarray:
    """Return the EEG as recorded at another rate."""
    from scipy.signal import resample_poly

    ratio = Fraction(rate, EEG_RATE)
    if ratio == 1:
        return eeg
    return np.asarray(
        resample_poly(eeg, ratio.numerator, ratio.denominator, axis=0, window=("kaiser", 8.0), padtype="edge")
    )


def bipolar_eeg(eeg: np.ndarray, pairs: Sequence[tuple[str, str]] = DERIVATIONS) -> np.ndarray:
    """Return the differences of pairs of electrodes, (samples, pairs)."""
    columns = [[ELECTRODES.index(pair[end]) for pair in pairs] for end in (0, 1)]
    return np.asarray(eeg[:, columns[0]] - eeg[:, columns[1]])


def write_edf(
    path: Path,
    eeg: np.ndarray,
    rate: float | Sequence[float] = EEG_RATE,
    *,
    labels: Sequence[str] = ELECTRODES,
    unit: str = "uV",
    annotations: Sequence[tuple[float, str]] | None = None,
    start: time = time(0, 0),
    day: date | None = None,
    record_seconds: float | None = None,
) -> Path:
    """Write (samples, channels) in µV as EDF, or BDF by the suffix; a column that is too long is cut at its rate."""
    signal_class, file_class = (BdfSignal, Bdf) if path.suffix == ".bdf" else (EdfSignal, Edf)
    rates = [rate] * len(labels) if isinstance(rate, int | float) else list(rate)
    factor = UNITS.get(unit, 1.0)
    seconds = len(eeg) // max(rates)
    signals: list[Any] = [
        signal_class(
            eeg[: int(seconds * each), column] * factor,
            each,
            label=label,
            physical_dimension=unit if unit.isascii() else "",
            physical_range=(-RANGE_UV * factor, (RANGE_UV - 0.1) * factor),
        )
        for column, (label, each) in enumerate(zip(labels, rates, strict=True))
    ]
    file_class(
        signals,
        recording=Recording(startdate=day),
        starttime=start,
        annotations=None if annotations is None else [EdfAnnotation(onset, None, text) for onset, text in annotations],
        data_record_duration=record_seconds,
    ).write(path)
    if not unit.isascii():
        content = bytearray(path.read_bytes())
        count = len(signals) + (annotations is not None)
        for number in range(len(signals)):
            place = 256 + count * 96 + number * 8
            content[place : place + 8] = unit.encode("latin-1").ljust(8)
        path.write_bytes(content)
    return path


def write_parquet(path: Path, eeg: np.ndarray, labels: Sequence[str] = ELECTRODES) -> Path:
    """Write (samples, electrodes) in µV as the competition does."""
    pd.DataFrame(eeg.astype(np.float32), columns=list(labels)).to_parquet(path, index=False)
    return path


def make_discontinuous(path: Path, onsets: Sequence[float]) -> Path:
    """Turn EDF+C into EDF+D: each record gets its own onset in its time stamp."""
    layout = read_layout(path)
    content = bytearray(path.read_bytes())
    content[192:197] = content[192:195] + b"+D"
    number = layout.is_annotation.index(True)
    begin, end = layout.offsets[number : number + 2]
    for record, onset in enumerate(onsets):
        place = len(layout.header) + record * layout.offsets[-1]
        _, _, rest = bytes(content[place + begin : place + end]).partition(b"\x14\x14\0")
        stamp = f"+{onset}".encode() + b"\x14\x14\0" + rest
        content[place + begin : place + end] = stamp[: end - begin].ljust(end - begin, b"\0")
    path.write_bytes(content)
    return path


def patched(path: Path, place: int, content: bytes) -> Path:
    """Replace bytes of a file from `place` on."""
    whole = bytearray(path.read_bytes())
    whole[place : place + len(content)] = content
    path.write_bytes(whole)
    return path


def signals_of(path: Path) -> Signals:
    """Return the signals in a file."""
    recording = open_recording(path)
    return Signals(recording, derive(recording))


def read_eeg(path: Path) -> np.ndarray:
    """Return float32 (samples, 19) of a whole file."""
    signals = signals_of(path)
    return signals.derivation.electrodes(signals.between(0, signals.samples))


Renamed = Callable[[str], str]
STYLES: dict[str, Renamed] = {
    "newer": lambda name: NEWER.get(name, name),
    "EEG REF": lambda name: f"EEG {name}-REF",
    "LE in capitals": lambda name: f"{NEWER.get(name, name).upper()}-LE",
    "contralateral ears": lambda name: f"{name}-{'A2' if name[-1] in '2468' else 'A1'}",
    "POL": lambda name: f"POL {name}",
    "dots": lambda name: f"{name.capitalize()}.",
    "blanks": lambda name: f"eeg {name.lower()} - ref",
}
