"""Requests to a server: rows with the bytes of either a window's arrays or a recording; responses with probabilities.

A registered bundle carries this module.
"""

import io
import re
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

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
"""The step between predictions for a recording, as in `hbac predict`."""
MOST_SECONDS = 4 * 3600
"""The longest recording."""
READERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
HEADER_LOCK = threading.Lock()
"""numpy evaluates a header with Python's parser, which in 3.11 can fail when several threads use it at once
(https://github.com/python/cpython/issues/106905)."""

Answer = dict[str, float | int | None]
"""The answer for a window: its `row` in the request, `middle_s` in the recording, the probabilities, and the number of
`members` that predicted it. Missing values are None, such as the probabilities if too little of it is covered."""


def answer(rows: Sequence[Mapping[str, object]], predictor: Predictor) -> list[Answer]:
    """Return the probabilities of all windows, in the order of rows and, within a recording, of time.

    Args:
        rows: each with the bytes of .npy files as `eeg`, `spectrogram` or both, or those of an EDF, BDF or parquet file
            as `recording`.
        predictor: the ensemble.

    Raises:
        HbacError: a row is invalid, or too little is covered in all rows. The message contains nothing of the data.
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
            f"request: expected a signal in {LEAST_COVERED:.0%} of the models' input ({reads}), found less in "
            "each row; send windows with a signal"
        )
    return answers


def _opened(number: int, row: Mapping[str, object], reach: Reach) -> Window | bytes:
    """Return a row's window, without arrays of which too little is covered, or its recording's bytes."""
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
    """Return the windows of arrays (N, ...), each as `seen_window` does.

    Raises:
        HbacError: there are none, their numbers differ, or values are implausible.
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
        arrays: float32 arrays `eeg`, `spectrogram` or both, of the shapes in `SHAPES`.
        reach: the ensemble's reach.
        place: the window's place in the request, for messages.

    Raises:
        HbacError: an array's values are implausible.
    """
    for name, array in arrays.items():
        _require_plausible(f"{place}, {name}", name, array)
    covered = {name: one for name, one in arrays.items() if _covered(name, one, reach) >= LEAST_COVERED}
    return Window(covered.get("eeg"), covered.get("spectrogram"))


def _array(number: int, name: str, content: bytes) -> np.ndarray:
    """Return the array in a .npy file as float32; nothing is unpickled or allocated beyond the content."""
    shape, place = SHAPES[name], f"row {number}, {name}"
    expected = f"a .npy file of float16 or float32 with the shape {shape}"
    file = io.BytesIO(content)
    try:
        with HEADER_LOCK:
            found, by_columns, dtype = READERS[np.lib.format.read_magic(file)](file)
    except Exception:  # numpy raises various errors for invalid bytes
        raise _fault(place, expected, "another file", "save it with numpy.save") from None
    if dtype.kind != "f" or dtype.itemsize not in (2, 4):
        raise _fault(place, expected, f"values of {dtype.name[:20]}", "convert the array")
    if found != shape:
        remedy = "resample, transpose or cut it: one window a row"
        raise _fault(place, expected, f"the shape {str(found)[:40]}", remedy)
    if len(content) - file.tell() != dtype.itemsize * np.prod(shape):
        raise _fault(place, expected, "a different number of bytes", "send the whole file")
    values = np.frombuffer(content, dtype, offset=file.tell()).reshape(shape, order="F" if by_columns else "C")
    return np.ascontiguousarray(values, np.float32)


def _require_plausible(place: str, name: str, array: np.ndarray) -> None:
    if np.isinf(array).any():
        remedy = "use single precision, since half precision ends at 65504"
        raise _fault(place, "finite values or NaN", "infinite ones", remedy)
    if name == "spectrogram" and (array < 0).any():
        raise _fault(place, "power in µV²/Hz, 0 or more", "negative values", "send power, not decibels")
    low, high = DECLARED_UV
    if name == "eeg" and not low <= (amplitude := typical_amplitude([array])) <= high and not np.isnan(amplitude):
        expected = f"an EEG of {low:g} to {high:g} µV (standard deviation within seconds)"
        raise _fault(place, expected, f"{amplitude:.3g} µV", "send it in µV")


def _covered(name: str, array: np.ndarray, reach: Reach) -> float:
    """Return the fraction of the window, within the ensemble's reach, with a signal in at least half of its lines."""
    if name == "eeg":
        lacking = quality(array, np.array([[-np.inf], [np.inf]]).repeat(array.shape[1], axis=1))[:, :2].sum(axis=1)
    else:
        half = reach.spectrogram // SECONDS_PER_COLUMN // 2
        middle = array[:, WINDOW_COLUMNS // 2 - half : WINDOW_COLUMNS // 2 + half]
        lacking = np.isnan(middle).mean(axis=0)
    return float((lacking <= MOST_LACKING).mean()) if lacking.size else 0.0


def _of_windows(windows: Sequence[Window], predictor: Predictor) -> list[Answer]:
    """Return the answer for each window."""
    if not windows:
        return []
    found = predictor.predict(windows)
    members = (~np.isnan(found.members[..., 0])).sum(axis=1)
    pairs = zip(found.probabilities.tolist(), members.tolist(), strict=True)
    return [_answer(None, probabilities, count) for probabilities, count in pairs]


def _of_recording(number: int, content: bytes, predictor: Predictor) -> list[Answer]:
    """Return the answers for a recording, one per step."""
    if not content.startswith((*edf_layout.MAGIC, parquet.MAGIC)):
        raise _fault(f"row {number}, {RECORDING}", "an EDF, BDF or parquet file", "another one", "export it as EDF")
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        path = Path(file.name)
        try:
            recording = open_recording(path)
            if seconds(recording) > MOST_SECONDS:  # a small parquet file can decompress to more than fits in memory
                raise refusal(path, f"at most {MOST_SECONDS // 3600} h", "more", "cut it, or use hbac predict")
            signals = Signals(recording, derive(recording))
            survey(signals)
            table = predict_over_time(signals, predictor, STEP_SECONDS).table
        except HbacError as error:
            # The part after "found" is only for the file's owner: it may contain a patient's name.
            line = re.sub(", found .*; ", "; ", str(error).replace(str(path), f"row {number}, {RECORDING}"))
            raise HbacError(line) from error
    columns = [table[name].tolist() for name in ("middle_s", "members", *PROBABILITY_COLUMNS)]
    return [_answer(middle, probabilities, members) for middle, members, *probabilities in zip(*columns, strict=True)]


def _answer(middle: int | None, probabilities: Sequence[float], members: int) -> Answer:
    named = zip(PROBABILITY_COLUMNS, probabilities, strict=True)
    return {"middle_s": middle, **{name: value if members else None for name, value in named}, "members": members}


def _fault(place: str, expected: str, found: str, remedy: str) -> HbacError:
    return HbacError(f"{place}: expected {expected}, found {found}; {remedy}")
