"""Probabilities over the course of a recording, with the spectrogram for its picture, in one pass."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from hbac_assets.errors import HbacError
from hbac_assets.inference.predictor import Predictor
from hbac_assets.labels import CLASSES, PROBABILITY_COLUMNS
from hbac_assets.recordings.ahead import ahead
from hbac_assets.recordings.chunks import chunks, whole_seconds
from hbac_assets.recordings.quality import MEASURES
from hbac_assets.recordings.recording import DATE_UNKNOWN, Annotation, Recording, refusal, seconds
from hbac_assets.recordings.signals import Signals
from hbac_assets.recordings.trend import Trend
from hbac_assets.recordings.windows import LEAST_COVERED, Moments, Reach, moments
from hbac_assets.signals.montage import EEG_WINDOW_SECONDS, LABEL_SECONDS
from hbac_assets.signals.spectrogram_grid import SECONDS_PER_COLUMN

if TYPE_CHECKING:
    import pandas as pd  # not required by bundles; callers of this module need it

BATCH = 64
SD_COLUMNS = tuple(f"{name.lower()}_sd" for name in CLASSES)


class Progress(Protocol):
    """A callback with the seconds done and the total seconds of the recording."""

    def __call__(self, done: int, total: int) -> None: ...  # noqa: D102


def _silent(done: int, total: int) -> None:
    """Show no progress."""


class OverTime(NamedTuple):
    """The prediction of a recording.

    Attributes:
        table: a row for each moment.
        trend: the spectrogram of the whole recording at the picture's resolution.
    """

    table: "pd.DataFrame"
    trend: Trend


def predict_over_time(signals: Signals, predictor: Predictor, step: int, progress: Progress = _silent) -> OverTime:
    """Return the probabilities of a recording, one row every `step` seconds.

    A thread reads and computes spectrograms while the models predict.

    Args:
        signals: of the recording.
        predictor: the ensemble.
        step: seconds, even.
        progress: called after each batch.

    Raises:
        HbacError: a part of the file cannot be read, or no moment can be predicted.
    """
    import pandas as pd

    end, reach = whole_seconds(signals), reach_of(predictor)
    trend = Trend(end)
    tables = []
    for chunk in ahead(chunks(signals)):
        trend.add(chunk)
        found = moments(chunk, reach, step, end)
        tables.append(_table(found, predictor, partial(progress, total=end)))
    table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
    if table.empty or table[PROBABILITY_COLUMNS[0]].isna().all():
        raise _nothing_seen(signals.recording, table, reach)
    return OverTime(_with_remarks(table, signals.recording, step), trend)


def reach_of(predictor: Predictor) -> Reach:
    """Return the seconds that an ensemble uses: the maximum over its members."""
    reads = [member.reads for member in predictor.members]
    columns = [member.recipe.window for member in predictor.members if "spectrogram" in member.reads]
    return Reach(
        max(columns, default=0) * SECONDS_PER_COLUMN, EEG_WINDOW_SECONDS if "eeg" in set().union(*reads) else 0
    )


def _table(found: Moments, predictor: Predictor, done: Callable[[int], None]) -> "pd.DataFrame":
    """Return the rows of a chunk, without probabilities where no member can predict."""
    import pandas as pd

    seen = np.flatnonzero(found.seen)
    probabilities = np.full((len(found.middles), len(CLASSES)), np.nan)
    spread, members = probabilities.copy(), np.zeros(len(probabilities), int)
    for batch in (seen[first : first + BATCH] for first in range(0, len(seen), BATCH)):
        predicted = predictor.predict([found.windows[number] for number in batch])
        there = ~np.isnan(predicted.members[..., 0])
        members[batch] = there.sum(axis=1)
        # The prior, which an ensemble returns if no member can predict, carries no information on the recording.
        probabilities[batch] = np.where((members[batch] > 0)[:, None], predicted.probabilities, np.nan)
        spread[batch] = _spread(predicted.members)
        done(int(found.middles[batch[-1]]))
    return pd.DataFrame(
        {
            "start_s": found.middles - LABEL_SECONDS // 2,
            "middle_s": found.middles,
            **dict(zip(PROBABILITY_COLUMNS, probabilities.T, strict=True)),
            **dict(zip(SD_COLUMNS, spread.T, strict=True)),
            "members": members,
            **dict(zip(MEASURES, found.quality.T, strict=True)),
            **{f"covered_{name}": fractions for name, fractions in found.covered.items()},
        }
    )


def _spread(members: np.ndarray) -> np.ndarray:
    """Return the standard deviation (N, 6) over members (N, M, 6); NaN where fewer than two could predict."""
    there = ~np.isnan(members)
    counts = there.sum(axis=1)
    means = np.where(there, members, 0).sum(axis=1) / np.maximum(counts, 1)
    squares = np.where(there, (members - means[:, None]) ** 2, 0).sum(axis=1)
    return np.where(counts > 1, np.sqrt(squares / np.maximum(counts, 1)), np.nan)


def _with_remarks(table: "pd.DataFrame", recording: Recording, step: int) -> "pd.DataFrame":
    """Return the table with clock times, if the recording has them, and annotations."""
    if recording.start:
        table.insert(2, "middle_clock", [clock(recording.start, second) for second in table["middle_s"]])
    if recording.annotations:
        table["annotations"] = _texts(recording.annotations, table["middle_s"].to_numpy(), step)
    return table


def clock(start: datetime, second: float) -> str:
    """Return the clock time of a second of the recording, without a date if that is hidden."""
    moment = start + timedelta(seconds=float(second))
    return moment.strftime("%H:%M:%S" if start.date() == DATE_UNKNOWN else "%Y-%m-%d %H:%M:%S")


def _texts(annotations: tuple[Annotation, ...], middles: np.ndarray, step: int) -> list[str]:
    """Return, for each moment, the joined annotations that begin nearest to it."""
    texts = [""] * len(middles)
    for annotation in annotations:
        row = int(np.clip(np.floor((annotation.onset - middles[0]) / step + 0.5), 0, len(middles) - 1))
        texts[row] = "; ".join(filter(None, [texts[row], annotation.text]))
    return texts


def _nothing_seen(recording: Recording, table: "pd.DataFrame", reach: Reach) -> HbacError:
    """Return the error for a recording without any sufficiently covered moment."""
    needs = [f"{getattr(reach, name)} s ({name})" for name in ("spectrogram", "eeg") if getattr(reach, name)]
    covered = [table[name].max() for name in table if str(name).startswith("covered_")]
    found = f"at most {max(covered, default=0.0):.0%} in {seconds(recording):.0f} s"
    expected = f"a signal in {LEAST_COVERED:.0%} of the {' or '.join(needs)} around some moment"
    return refusal(recording.path, expected, found, "take a longer recording, or one with a signal")
