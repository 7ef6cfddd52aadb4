"""The whole chain as one plain script in one process: the public functions in order, without Dagster and MLflow.

    python -m benchmarks.plain_chain EXPERIMENT RECORDINGS FOLDER

It omits everything that `hbac_assets.assets` adds: fingerprints, checks, metadata, pictures, tracking.
"""

import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from hbac_assets.competition.arrays import SpectrogramFacts, convert_spectrogram
from hbac_assets.competition.conversion import Converter, convert_all
from hbac_assets.competition.folds import assign_folds, sample_rows
from hbac_assets.competition.metadata import SHARE_COLUMNS, enrich
from hbac_assets.competition.tables import read_test_tables, read_train
from hbac_assets.experiments.loading import load_experiment
from hbac_assets.experiments.schema import Experiment
from hbac_assets.learning import device, training
from hbac_assets.learning.image_source import Images, open_images
from hbac_assets.learning.inputs.kaggle import cut_window
from hbac_assets.learning.inputs.kind import Arrays
from hbac_assets.learning.prediction import load_model, predict
from hbac_assets.learning.settings import Preprocessing
from hbac_assets.learning.targets import targets
from hbac_assets.scoring.blending import METHODS
from hbac_assets.scoring.nested import NestedBlends, NestedResult, Recipe
from hbac_assets.scoring.oof_rows import oof_rows
from hbac_assets.scoring.references import band_powers, class_prior, logistic_regression
from hbac_assets.scoring.slices import agreement_scores, score, scores
from hbac_assets.scoring.submission import build
from hbac_assets.synthetic.generation import generate
from hbac_assets.synthetic.settings import SyntheticSettings

CONVERTER = Converter("spectrogram_id", SpectrogramFacts, convert_spectrogram, "1")


def main(experiment_name: str, recordings: int, folder: Path) -> None:
    """Compute everything from the raw files to the submission in `folder`."""
    experiment = load_experiment(experiment_name)
    raw, arrays = folder / "raw", folder / "spectrograms"
    generate(SyntheticSettings(recordings=recordings), raw, os.cpu_count() or 1, print)
    train, test = read_train(raw / "train.csv").rows, read_test_tables(raw)
    convert_all(sorted(raw.glob("*_spectrograms/*.parquet")), arrays, CONVERTER)
    folded = assign_folds(enrich(train), experiment.folds, experiment.fold_seed)
    rows = sample_rows(folded, experiment.sampling)
    tested = test.rows.assign(spectrogram_label_offset_seconds=0)

    device.configure("cpu", "float32", folder / "cache" / "jax")
    held_out = [train_member(experiment, name, rows, arrays, folder) for name in experiment.members]
    references(rows, arrays)
    blend = blends(rows, np.stack(held_out)).blend
    on_test = [predict_test(experiment, name, tested, arrays, folder) for name in experiment.members]
    blended = np.mean([blend(members) for members in np.swapaxes(on_test, 0, 1)], axis=0)
    blended /= blended.sum(axis=1, keepdims=True)
    build(tested["eeg_id"].tolist(), blended, test.sample).to_csv(folder / "submission.csv", index=False)


def train_member(experiment: Experiment, member: str, rows: pd.DataFrame, arrays: Path, folder: Path) -> np.ndarray:
    """Train a member on every fold and return its out-of-fold predictions (N, 6)."""
    settings = experiment.members[member]
    examples = training.Examples(open_all(rows, arrays, settings.preprocessing), targets(rows, settings.target))
    predictions = np.empty(examples.targets.shape)
    for fold in range(experiment.folds):
        held_out = (rows["fold"] == fold).to_numpy()
        training.train_cell(
            settings,
            examples.subset(~held_out),
            examples.subset(held_out),
            model_folder(folder, member, fold),
            on_epoch=print,
        )
        model = load_model(model_folder(folder, member, fold) / "last.keras")
        predictions[held_out] = predict(model, examples.subset(held_out).images, settings.batch_size)
    print_scores(rows, member, predictions)
    return predictions


def predict_test(experiment: Experiment, member: str, test: pd.DataFrame, arrays: Path, folder: Path) -> np.ndarray:
    """Return the predictions of the models of all folds, (folds, N, 6)."""
    settings = experiment.members[member]
    images = open_all(test, arrays, settings.preprocessing)
    models = [load_model(model_folder(folder, member, fold) / "last.keras") for fold in range(experiment.folds)]
    return np.array([predict(model, images, settings.batch_size) for model in models], dtype=float)


def open_all(rows: pd.DataFrame, arrays: Path, preprocessing: Preprocessing) -> Images:
    """Open the images of rows."""
    read = preprocessing.kind.reader(rows, {None: Arrays(arrays, rows)}, preprocessing)
    return open_images(read, len(rows), preprocessing.image_size)


def references(rows: pd.DataFrame, arrays: Path) -> None:
    """Score the references."""
    shares, folds = rows[list(SHARE_COLUMNS)].to_numpy(), rows["fold"].to_numpy()
    places = zip(rows["spectrogram_id"], rows["spectrogram_label_offset_seconds"], strict=True)
    features = np.stack([band_powers(cut_window(arrays / f"{one}.npy", offset)) for one, offset in places])
    print_scores(rows, "class prior", class_prior(shares, folds))
    print_scores(rows, "band powers", logistic_regression(features, shares, folds))


def blends(rows: pd.DataFrame, predictions: np.ndarray) -> NestedResult:
    """Compare the blending methods, score each, and choose."""
    shares, patients, folds = rows[list(SHARE_COLUMNS)].to_numpy(), rows["patient_id"], rows["fold"]
    nested = NestedBlends(predictions, shares, patients.to_numpy(), folds.to_numpy())
    results = nested.compare([Recipe(method) for method in METHODS])
    for recipe, result in results.items():
        print(recipe, score(oof_rows(rows, str(recipe), result.predictions)))
    chosen = nested.choose(results)
    print_scores(rows, "ensemble", chosen.predictions)
    return chosen


def print_scores(rows: pd.DataFrame, name: str, predictions: np.ndarray) -> None:
    """Print scores by vote slice and by agreement."""
    scored = oof_rows(rows, name, predictions)
    print(name, scores(scored), agreement_scores(scored), sep="\n")


def model_folder(folder: Path, member: str, fold: int) -> Path:
    """Return the folder of a cell."""
    return folder / "models" / member / f"fold_{fold}"


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
