"""Spectrograms from parquet to npy, against pandas and joblib, and against decoding alone."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from benchmarks.conversions import by_joblib, by_this_project, pairs_of_arrays, side, sources
from benchmarks.kaggle_files import write_spectrograms
from benchmarks.pairs import compare
from benchmarks.table import Result, at_least
from hbac_assets.competition.arrays import SpectrogramFacts, convert_spectrogram
from hbac_assets.competition.conversion import WORKERS, Converter

ROW = 1
FILES = 120
WORK = f"{FILES} spectrograms, parquet to npy"
AGAINST_PANDAS, AGAINST_DECODING = "pandas, joblib on all cores", "pyarrow's read_table alone, as many threads"
LEAST, LEAST_OF_DECODING = 2.5, 0.9


def run(workspace: Path) -> list[Result]:
    """Measure the conversion with all its checks, and require bit-identical arrays."""
    write_spectrograms(workspace / "raw", FILES)
    here = side("hbac_assets", f"{__name__}:ours", workspace)
    pandas = compare(here, side(AGAINST_PANDAS, f"{__name__}:theirs", workspace))
    for our_array, their_array in pairs_of_arrays(workspace):
        np.testing.assert_array_equal(np.load(our_array, allow_pickle=False), np.load(their_array, allow_pickle=False))
    decoding = compare(here, side(AGAINST_DECODING, f"{__name__}:only_decoding", workspace))
    return [
        at_least(ROW, WORK, "files", AGAINST_PANDAS, pandas, LEAST, "the arrays are equal bit by bit"),
        at_least(
            ROW, WORK, "files", AGAINST_DECODING, decoding, LEAST_OF_DECODING, "ours checks, hashes and writes as well"
        ),
    ]


def ours(workspace: str) -> Callable[[], int]:
    """Prepare the conversion of this project."""
    return by_this_project(workspace, Converter("spectrogram_id", SpectrogramFacts, convert_spectrogram, "1"))


def theirs(workspace: str) -> Callable[[], int]:
    """Prepare the conversion as the KerasCV starter's users write it."""
    return by_joblib(workspace, _convert_with_pandas)


def _convert_with_pandas(source: Path, target: Path) -> None:
    spectrogram = pd.read_parquet(source).fillna(0).drop(columns="time")
    np.save(target, spectrogram.to_numpy().T.astype("float32"))


def only_decoding(workspace: str) -> Callable[[], int]:
    """Prepare reading the files only."""
    files = sources(workspace)

    def repeat() -> int:
        with ThreadPoolExecutor(WORKERS) as pool:
            return sum(1 for _ in pool.map(pq.read_table, files))

    return repeat
