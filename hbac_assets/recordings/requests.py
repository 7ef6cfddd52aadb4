"""Requests to a server: rows of bytes, each a window as arrays or a recording as a file; probabilities of each window.

A registered bundle carries this module.
"""

import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from hbac_assets.errors import HbacError
from hbac_assets.inference.predictor import Predictor
from hbac_assets.labels import PROBABILITY_COLUMNS
from hbac_assets.recordings import edf_layout, parquet
from hbac_assets.recordings.derivation import derive
from hbac_assets.recordings.opening import open_recording
from hbac_assets.recordings.over_time import predict_over_time, reach_of
from hbac_assets.recordings.quality import quality
from hbac_assets.recordings.recording import refusal, seconds
from hbac_assets.recordings.signals import Signals
from hbac_assets.recordings.survey import DECLARED_UV, survey, typical_amplitude
from hbac_assets.recordings.windows import LEAST_COVERED, MOST_LACKING, Reach
from hbac_assets.signals.spectrogram_grid import SECONDS_PER_COLUMN, WINDOW_COLUMNS
from hbac_assets.signals.window import SHAPES, Window

RECORDING = "recording"
COLUMNS = (*SHAPES, RECORDING)
STEP_SECONDS = 10
"""From moment to moment of a recording, as in `hbac predict`."""
MOST_SECONDS = 4 * 3600
"""Of a recording."""
MAGIC, VERSIONS = b"\x93NUMPY", {1: 2, 2: 4, 3: 4}
"""The first bytes of a .npy file, and for its versions how many bytes hold the length of the header
(https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html)."""
HEADER = {
    "descr": re.compile(rb"'descr': *'([<>|=][a-zA-Z]\d{0,4})'"),
    "fortran_order": re.compile(rb"'fortran_order': *(True|False)"),
    "shape": re.compile(rb"'shape': *\(([\d, ]{0,99})\)"),
}
"""Its fields. numpy evaluates them as Python, which is not meant for what strangers send from many threads."""

Answer = dict[str, float | int | None]
"""Of a window: `row` of the request, `middle_s` of the recording, the probabilities, the number of `members` that see
it. None stands for what there is not, as with a window of which too little is covered."""


def answer(rows: Sequence[Mapping[str, object]], predictor: Predictor) -> list[Answer]:
    """Return the probabilities of all windows, row by row, and those of a recording in the order of time.

    Args:
        rows: of the request: `eeg`, `spectrogram` or both as the bytes of .npy files, or `recording`, those of an EDF,
            BDF or parquet file.
        predictor: the ensemble.

    Raises:
        HbacError: a row is not as it should be, or too little of it is covered for any probability. Nothing of the
            data is in the message.
    """
    if not rows:
        raise HbacError(
            f"request: expected a row with {', '.join(COLUMNS[:-1])} or {COLUMNS[-1]}, found none; send one"
        )
    reach = reach_of(predictor)
    opened = [_opened(number, row, reach) for number, row in enumerate(rows, start=1)]
    predicted = iter(_of_windows([one for one in opened if isinstance(one, Window)], predictor))
    answers: list[Answer] = []
    for row, one in enumerate(opened):
        found = [next(predicted)] if isinstance(one, Window) else _of_recording(row + 1, one, predictor)
        answers += [{"row": row, **each} for each in found]
    if not any(one["members"] for one in answers):
        reads = " or ".join(sorted(set().union(*(member.reads for member in predictor.members))))
        raise HbacError(
            f"request: expected a signal in {LEAST_COVERED:.0%} of what the models look at ({reads}), found less in "
            "each row; send windows with a signal"
        )
    return answers


def _opened(number: int, row: Mapping[str, object], reach: Reach) -> Window | bytes:
    """Return the window of a row, without what is not covered enough, or the recording's file."""
    names = [name for name in COLUMNS if name in row]
    if not names or (RECORDING in names and len(names) > 1):
        found = " and ".join(names) or "none of them"
        raise _fault(f"row {number}", "eeg, spectrogram or both, or else recording", found, "send one of the formats")
    contents: dict[str, bytes] = {}
    for name in names:
        content = row[name]
        if not isinstance(content, bytes) or not content:
            found = "no bytes" if isinstance(content, bytes) else type(content).__name__
            raise _fault(f"row {number}, {name}", "the bytes of a file", found, "send them, in JSON as base64")
        contents[name] = content
    if RECORDING in contents:
        return contents[RECORDING]
    return seen_window(
        {name: _array(number, name, content) for name, content in contents.items()}, reach, f"row {number}"
    )


def seen_windows(arrays: Mapping[str, np.ndarray], reach: Reach) -> list[Window]:
    """Return the windows of arrays (N, ...), as `seen_window` does.

    Raises:
        HbacError: there are none, not as many of each, or values cannot be what they should be.
    """
    counts = {name: len(array) for name, array in arrays.items()}
    if len(set(counts.values())) != 1 or not all(counts.values()):
        found = " and ".join(f"{count} of {name}" for name, count in counts.items()) or "none"
        raise _fault("request", f"as many windows of {' and '.join(SHAPES)} or of one of them", found, "send those")
    rows = range(next(iter(counts.values())))
    return [seen_window({name: array[row] for name, array in arrays.items()}, reach, f"row {row + 1}") for row in rows]


def seen_window(arrays: Mapping[str, np.ndarray], reach: Reach, place: str) -> Window:
    """Return a window with those of its arrays of which enough is covered.

    Args:
        arrays: float32, `eeg` and `spectrogram` or one of them, with the shapes of `SHAPES`.
        reach: of the ensemble.
        place: of the window in its request, for messages.

    Raises:
        HbacError: an array's values cannot be what they should be.
    """
    for name, array in arrays.items():
        _require_plausible(f"{place}, {name}", name, array)
    covered = {name: one for name, one in arrays.items() if _covered(name, one, reach) >= LEAST_COVERED}
    return Window(covered.get("eeg"), covered.get("spectrogram"))


def _array(number: int, name: str, content: bytes) -> np.ndarray:
    """Return the float32 array in a .npy file, of which nothing is unpickled and no more than its bytes is read."""
    shape, place = SHAPES[name], f"row {number}, {name}"
    expected = f"a .npy file of float16 or float32 with the shape {shape}"
    size = VERSIONS.get(content[6]) if content.startswith(MAGIC) and len(content) > 12 else None
    start = 8 + size + int.from_bytes(content[8 : 8 + size], "little") if size else 0
    fields = {key: pattern.search(content, 0, start) for key, pattern in HEADER.items()}
    if not all(fields.values()):
        raise _fault(place, expected, "another file", "save it by numpy.save")
    descr, by_columns, lengths = (one[1].decode() for one in fields.values() if one)
    if descr[:1] not in "<>=" or descr[1:] not in ("f2", "f4"):
        raise _fault(place, expected, f"values of {descr}", "convert the array")
    found = tuple(int(length) for length in lengths.replace(" ", "").split(",") if length)
    if found != shape:
        remedy = "resample, transpose or cut it: one window a row"
        raise _fault(place, expected, f"the shape ({lengths[:40]})", remedy)
    dtype = np.dtype(descr)
    if len(content) - start != dtype.itemsize * np.prod(shape):
        raise _fault(place, expected, "another number of bytes than that takes", "send the whole file")
    order: Literal["F", "C"] = "F" if by_columns == "True" else "C"
    values = np.frombuffer(content, dtype, offset=start).reshape(shape, order=order)
    return np.ascontiguousarray(values, np.float32)


def _require_plausible(place: str, name: str, array: np.ndarray) -> None:
    if np.isinf(array).any():
        remedy = "half precision ends at 65504, single does not"
        raise _fault(place, "finite values or NaN", "infinite ones", remedy)
    if name == "spectrogram" and (array < 0).any():
        raise _fault(place, "power in µV²/Hz, 0 or more", "negative values", "send no decibels")
    low, high = DECLARED_UV
    if name == "eeg" and not low <= (amplitude := typical_amplitude([array])) <= high and not np.isnan(amplitude):
        expected = f"an EEG of {low:g} to {high:g} µV (standard deviation within seconds)"
        raise _fault(place, expected, f"{amplitude:.3g} µV", "send it in µV")


def _covered(name: str, array: np.ndarray, reach: Reach) -> float:
    """Return the fraction of the window with a signal in at least half of its lines, as far as the ensemble sees it."""
    if name == "eeg":
        lacking = quality(array, np.array([[-np.inf], [np.inf]]).repeat(array.shape[1], axis=1))[:, :2].sum(axis=1)
    else:
        half = reach.spectrogram // SECONDS_PER_COLUMN // 2
        middle = array[:, WINDOW_COLUMNS // 2 - half : WINDOW_COLUMNS // 2 + half]
        lacking = np.isnan(middle).mean(axis=0)
    return float((lacking <= MOST_LACKING).mean()) if lacking.size else 0.0


def _of_windows(windows: Sequence[Window], predictor: Predictor) -> list[Answer]:
    """Return the answer of each window."""
    if not windows:
        return []
    found = predictor.predict(windows)
    members = (~np.isnan(found.members[..., 0])).sum(axis=1)
    pairs = zip(found.probabilities.tolist(), members.tolist(), strict=True)
    return [_answer(None, probabilities, count) for probabilities, count in pairs]


def _of_recording(number: int, content: bytes, predictor: Predictor) -> list[Answer]:
    """Return the answer of each moment of a recording."""
    if not content.startswith((*edf_layout.MAGIC, parquet.MAGIC)):
        raise _fault(f"row {number}, {RECORDING}", "an EDF, BDF or parquet file", "another one", "export it as EDF")
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        path = Path(file.name)
        try:
            recording = open_recording(path)
            if seconds(recording) > MOST_SECONDS:  # a small parquet file can hold more than memory does
                raise refusal(path, f"at most {MOST_SECONDS // 3600} h", "more", "cut it, or use hbac predict")
            signals = Signals(recording, derive(recording))
            survey(signals)
            table = predict_over_time(signals, predictor, STEP_SECONDS).table
        except HbacError as error:
            # What was found is said to those who have the file: it may be the name of a patient.
            line = re.sub(", found .*; ", "; ", str(error).replace(str(path), f"row {number}, {RECORDING}"))
            raise HbacError(line) from error
    columns = [table[name].tolist() for name in ("middle_s", "members", *PROBABILITY_COLUMNS)]
    return [_answer(middle, probabilities, members) for middle, members, *probabilities in zip(*columns, strict=True)]


def _answer(middle: int | None, probabilities: Sequence[float], members: int) -> Answer:
    named = zip(PROBABILITY_COLUMNS, probabilities, strict=True)
    return {"middle_s": middle, **{name: value if members else None for name, value in named}, "members": members}


def _fault(place: str, expected: str, found: str, remedy: str) -> HbacError:
    return HbacError(f"{place}: expected {expected}, found {found}; {remedy}")
