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
from hbac_assets.competition.eeg_windows import convert_eegs, numbered_windows
from hbac_assets.competition.folds import assign_folds, limited, sample_rows
from hbac_assets.competition.metadata import SHARE_COLUMNS, enrich
from hbac_assets.competition.tables import read_test_tables, read_train
from hbac_assets.experiments.loading import load_experiment
from hbac_assets.experiments.schema import Experiment
from hbac_assets.learning import device, training
from hbac_assets.learning.image_source import Images, as_images, open_images
from hbac_assets.learning.inputs.kaggle import cut_window
from hbac_assets.learning.inputs.kind import Arrays, Source, Stored
from hbac_assets.learning.prediction import MODELS, load_model, predict_variants
from hbac_assets.learning.settings import MemberSettings
from hbac_assets.learning.test_time import mean_over_variants, variants
from hbac_assets.scoring.blending import METHODS
from hbac_assets.scoring.nested import NestedBlends, NestedResult, Recipe
from hbac_assets.scoring.oof_rows import oof_rows
from hbac_assets.scoring.references import band_powers, class_prior, logistic_regression
from hbac_assets.scoring.slices import agreement_scores, score, scores
from hbac_assets.scoring.submission import build
from hbac_assets.synthetic.generation import generate
from hbac_assets.synthetic.settings import SyntheticSettings


def main(experiment_name: str, recordings: int, folder: Path) -> None:
    """Compute everything from the raw files to the submission in `folder`."""
    experiment = load_experiment(experiment_name)
    raw = folder / "raw"
    generate(SyntheticSettings(recordings=recordings), raw, os.cpu_count() or 1, print)
    train, test = read_train(raw / "train.csv").rows, read_test_tables(raw)
    folded = assign_folds(enrich(train), experiment.folds, experiment.fold_seed)
    rows = limited(sample_rows(folded, experiment.sampling), experiment.max_rows)
    tested = test.rows.assign(spectrogram_label_offset_seconds=0)
    stored = convert(experiment, rows, raw, "train", folder)
    stored_tests = convert(experiment, tested, raw, "test", folder)

    device.configure("cpu", "float32", folder / "cache" / "jax")
    held_out = [train_member(experiment, name, rows, stored, folder) for name in experiment.members]
    references(rows, stored[None].folder)
    blend = blends(rows, np.stack(held_out)).blend
    on_test = [predict_test(experiment, name, tested, stored_tests, folder) for name in experiment.members]
    blended = np.mean([blend(members) for members in np.swapaxes(on_test, 0, 1)], axis=0)
    blended /= blended.sum(axis=1, keepdims=True)
    build(tested["eeg_id"].tolist(), blended, test.sample).to_csv(folder / "submission.csv", index=False)


def convert(experiment: Experiment, rows: pd.DataFrame, raw: Path, split: str, folder: Path) -> Stored:
    """Convert Kaggle's spectrograms of a split, and the EEG of its rows by each recipe of the members."""
    arrays, windows = folder / f"{split}_spectrograms", numbered_windows(rows)
    converter = Converter("spectrogram_id", SpectrogramFacts, convert_spectrogram, "1")
    table, _ = convert_all(sorted((raw / arrays.name).glob("*.parquet")), arrays, converter)
    stored: dict[Source, Arrays] = {None: Arrays(arrays, table)}
    preprocessings = [member.preprocessing for member in experiment.members.values()]
    recipes = {source for one in preprocessings for source in one.kind.sources(one) if source}
    for number, recipe in enumerate(recipes):
        arrays = folder / f"{split}_eegs_{number}"
        convert_eegs(windows, raw / f"{split}_eegs", arrays, recipe, "1")
        stored[recipe] = Arrays(arrays, windows)
    return stored


def train_member(experiment: Experiment, member: str, rows: pd.DataFrame, stored: Stored, folder: Path) -> np.ndarray:
    """Train a member on every fold and return its out-of-fold predictions (N, 6)."""
    settings = experiment.members[member]
    examples = training.Examples.of_rows(rows, open_all(rows, stored, settings), settings)
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
        cell = model_folder(folder, member, fold)
        predictions[held_out] = predict_cell(settings, as_images(examples.images).subset(held_out), cell)
    print_scores(rows, member, predictions)
    return predictions


def predict_test(experiment: Experiment, member: str, test: pd.DataFrame, stored: Stored, folder: Path) -> np.ndarray:
    """Return the predictions of the models of all folds, (folds, N, 6)."""
    settings = experiment.members[member]
    images = open_all(test, stored, settings)
    cells = [model_folder(folder, member, fold) for fold in range(experiment.folds)]
    return np.array([predict_cell(settings, images, cell) for cell in cells], dtype=float)


def predict_cell(settings: MemberSettings, images: Images, cell: Path) -> np.ndarray:
    """Return the predictions of the model in a cell's folder, (N, 6)."""
    varied = variants(settings.preprocessing, settings.test_time)
    model = load_model(cell / MODELS[settings.scored_epoch])
    return mean_over_variants(predict_variants(model, images, settings.batch_size, varied))


def open_all(rows: pd.DataFrame, stored: Stored, settings: MemberSettings) -> Images:
    """Open a member's images of rows."""
    kind = settings.preprocessing.kind
    read = kind.reader(rows, stored, settings.preprocessing)
    return open_images(read, len(rows), kind.shape(settings.preprocessing))


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
