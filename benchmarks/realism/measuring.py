"""The statistics of synthetic recordings, rendered and measured one by one in worker processes."""

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pandas as pd

from benchmarks.realism.eeg import PATTERN_SECONDS, eeg_statistics
from benchmarks.realism.spectrogram import spectrogram_statistics
from hbac_assets.execution.processes import end_with_parent
from hbac_assets.labels import CLASSES
from hbac_assets.signals.montage import EEG_RATE, EEG_WINDOW_SECONDS
from hbac_assets.signals.multitaper import multitaper_spectrogram
from hbac_assets.synthetic.recordings import Recording
from hbac_assets.synthetic.rendering import render

EEG_GROUP, SPECTROGRAM_GROUP = "50 s", "10 min"
PATTERNS = ("LPD", "GPD", "LRDA", "GRDA")
"""Groups of ten labelled seconds, by the pattern of their consensus."""
LEAST_CONSENSUS = 0.6
"""Minimum fraction of the votes for the pattern of a group."""


def measure(recordings: list[Recording], workers: int) -> pd.DataFrame:
    """Return the statistics of the first labelled window of each recording.

    Returns:
        Columns group, statistic, value; one row for each statistic of each window, in the order of the recordings.
    """
    frames = []
    for index, groups in enumerate(_measured(recordings, workers)):
        for group, statistics in groups.items():
            frames.append(
                pd.DataFrame(
                    {
                        "recording": index,
                        "group": group,
                        "statistic": list(statistics),
                        "value": list(statistics.values()),
                    }
                )
            )
    return pd.concat(frames, ignore_index=True)


def _measured(recordings: list[Recording], workers: int) -> Iterator[dict[str, dict[str, float]]]:
    if workers == 1:
        yield from map(measure_recording, recordings)
        return
    # Spawned, so that no lock of the parent is inherited.
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=end_with_parent) as pool:
        yield from pool.map(measure_recording, recordings, chunksize=4)


def measure_recording(recording: Recording) -> dict[str, dict[str, float]]:
    """Return the statistics of the windows of a recording's first label, by group."""
    excerpt = recording.excerpts[0]
    eeg = render(recording)
    start, middle = (excerpt.start + int(excerpt.offsets[0])) * EEG_RATE, int(excerpt.middles[0]) * EEG_RATE
    groups = {EEG_GROUP: eeg_statistics(eeg[start : start + EEG_WINDOW_SECONDS * EEG_RATE])}
    pattern = pattern_of(excerpt.votes[0])
    if pattern:
        half = PATTERN_SECONDS * EEG_RATE // 2
        groups[pattern] = eeg_statistics(eeg[middle - half : middle + half])
    column = int(excerpt.spectrogram_offsets[0]) // 2
    groups[SPECTROGRAM_GROUP] = spectrogram_statistics(multitaper_spectrogram(eeg).T[column:])
    return groups


def pattern_of(votes: np.ndarray) -> str | None:
    """Return the pattern on which enough of the (6,) votes agree, if any."""
    name = CLASSES[int(votes.argmax())]
    agreed = votes.max() >= LEAST_CONSENSUS * votes.sum()
    return name if agreed and name in PATTERNS else None
