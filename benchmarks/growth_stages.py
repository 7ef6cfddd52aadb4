"""The stages of the chain on a number of spectrograms, in one process, with the time and memory of each.

    python -m benchmarks.growth_stages SPECTROGRAMS FILES FOLDER CACHE

FILES has parquet files in `spectrograms` and `eegs`, which are linked as often as needed; there is one EEG for every
two spectrograms. Prints a JSON object: for each stage the seconds per item, and the peaks of the process' own memory
(`anonymous`) and of mapped files, such as libraries (`mapped`), in bytes.
"""

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
import psutil

from benchmarks.kaggle_files import link_as_many
from hbac_assets.competition.arrays import EegFacts, SpectrogramFacts, convert_eeg, convert_spectrogram
from hbac_assets.competition.conversion import Converter, convert_all
from hbac_assets.competition.folds import assign_folds, sample_rows
from hbac_assets.competition.metadata import enrich
from hbac_assets.experiments.loading import load_experiment
from hbac_assets.labels import CLASSES, VOTE_COLUMNS
from hbac_assets.learning import device, training
from hbac_assets.learning.checkpoint import EpochRecord
from hbac_assets.learning.image_source import as_images, read_all
from hbac_assets.learning.inputs.kind import Arrays
from hbac_assets.learning.prediction import load_model, predict
from hbac_assets.signals.eeg_recipe import EegRecipe

MEMBER = "mobilenet_v3_small"
SPECTROGRAMS_FOR_AN_EEG = 2
ROWS_OF_A_PATIENT = 6
FOLDS = 5
WARM_UP = 60
SAMPLE_SECONDS = 0.02

Measured = dict[str, dict[str, float]]


def main(spectrograms: int, files: Path, folder: Path, cache: Path) -> Measured:
    """Run all stages and return the measurements of each."""
    prepare(WARM_UP, files, folder / "warm_up", measured={})  # what is imported and computed once
    measured: Measured = {}
    rows = prepare(spectrograms, files, folder, measured)
    learn(rows, folder / "arrays", folder / "model", cache, measured)
    return measured


def prepare(spectrograms: int, files: Path, folder: Path, measured: Measured) -> pd.DataFrame:
    """Convert all recordings and return the rows with their folds."""
    convert(spectrograms, files, folder, measured)
    train = table(spectrograms)
    with measuring("folds", spectrograms, measured):
        return sample_rows(assign_folds(enrich(train), FOLDS, seed=0), "first_per_spectrogram")


def convert(spectrograms: int, files: Path, folder: Path, measured: Measured) -> None:
    """Convert spectrograms and EEGs."""
    eegs = spectrograms // SPECTROGRAMS_FOR_AN_EEG
    sources = link_as_many(sorted((files / "spectrograms").iterdir()), folder / "spectrograms", spectrograms)
    converter = Converter("spectrogram_id", SpectrogramFacts, convert_spectrogram, "1")
    with measuring("conversion", spectrograms, measured):
        convert_all(sources, folder / "arrays", converter)
    recipe = EegRecipe()
    sources = link_as_many(sorted((files / "eegs").iterdir()), folder / "eegs", eegs)
    eeg_converter = Converter("eeg_id", EegFacts, lambda source, target: convert_eeg(source, target, recipe, [0]), "1")
    with measuring("EEG conversion", eegs, measured):
        convert_all(sources, folder / "eeg_arrays", eeg_converter)


def learn(rows: pd.DataFrame, arrays: Path, folder: Path, cache: Path, measured: Measured) -> None:
    """Train for two epochs, of which the second is measured, and predict all rows."""
    device.configure("cpu", "float32", cache)
    settings = load_experiment("quickstart").members[MEMBER].model_copy(update={"epochs": 2})
    held_out = (rows["fold"] == 0).to_numpy()
    epochs: list[EpochRecord] = []
    with measuring("windows", len(rows), measured):
        read = settings.preprocessing.kind.reader(rows, {None: Arrays(arrays, rows)}, settings.preprocessing)
        images = as_images(read_all(read, len(rows), settings.preprocessing.image_size))
    examples = training.Examples.of_rows(rows, images, settings)
    with measuring("epoch", len(rows), measured):
        training.train_cell(
            settings, examples.subset(~held_out), examples.subset(held_out), folder, on_epoch=epochs.append
        )
    measured["epoch"]["seconds"] = epochs[-1].seconds / len(rows)
    model = load_model(folder / "last.keras")
    predict(model, images.subset(np.arange(settings.batch_size)), settings.batch_size)
    with measuring("prediction", len(rows), measured):
        predict(model, images, settings.batch_size)


def table(rows: int) -> pd.DataFrame:
    """Return a train.csv with one row per spectrogram and random votes."""
    rng = np.random.default_rng(0)
    numbers = np.arange(rows)
    votes = rng.integers(0, 6, (rows, len(CLASSES)))
    votes[:, 0] += 1
    return pd.DataFrame(
        {
            "eeg_id": numbers,
            "eeg_sub_id": 0,
            "eeg_label_offset_seconds": 0,
            "spectrogram_id": numbers,
            "spectrogram_sub_id": 0,
            "spectrogram_label_offset_seconds": 0,
            "label_id": numbers,
            "patient_id": numbers // ROWS_OF_A_PATIENT,
            "expert_consensus": np.array(CLASSES)[votes.argmax(axis=1)],
            **dict(zip(VOTE_COLUMNS, votes.T, strict=True)),
        }
    )


@contextmanager
def measuring(stage: str, items: int, measured: Measured) -> Iterator[None]:
    """Record the seconds per item, and the peak memory while the block runs."""
    peak, over = {"anonymous": 0, "mapped": 0}, threading.Event()

    def watch() -> None:
        process, last = psutil.Process(), False
        while not last:
            last = over.wait(SAMPLE_SECONDS)  # one more look at the end
            memory = process.memory_info()
            mapped = getattr(memory, "shared", 0)  # Linux only
            peak["anonymous"] = max(peak["anonymous"], memory.rss - mapped)
            peak["mapped"] = max(peak["mapped"], mapped)

    watcher = threading.Thread(target=watch)
    watcher.start()
    began = perf_counter()
    try:
        yield
    finally:
        seconds = perf_counter() - began
        over.set()
        watcher.join()
    measured[stage] = {"seconds": seconds / items, **peak}


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), *map(Path, sys.argv[2:]))))
