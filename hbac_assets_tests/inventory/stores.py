"""Stores made by hand: every artifact of experiments is sealed as the chain would, with a few bytes for its content."""

import json
from collections.abc import Sequence
from pathlib import Path

import yaml

from hbac_assets.experiments.claims import claim_of, write_claim
from hbac_assets.experiments.schema import Experiment
from hbac_assets.inventory.inventory import Inventory, take_inventory
from hbac_assets.inventory.references import LoggedRun
from hbac_assets.inventory.scan import Places
from hbac_assets.lineage import Dataset, Lineage
from hbac_assets.store.artifact import Artifact
from hbac_assets.synthetic.settings import SyntheticSettings

RECORDINGS = 8
TRAIN, TEST = SyntheticSettings(recordings=RECORDINGS).fingerprint, "fedcba9876543210"
"""Fingerprints of the two tables; the first also stands for that of the generator's settings."""
KEY = f"synthetic-{TRAIN[:8]}"
PROGRAMS = "cache/jax/cpu-some-processor-0a1b2c3d"
ODD = ["1.npy", "a b.npy", "neue\nZeile.npy", "Ω-1.npy", "--yes.npy", "*.npy"]
"""Names of arrays: whatever a test set calls its recordings."""


def make_project(folder: Path) -> Path:
    """Make the results of the experiments `mine`, whose file is there, and `gone`, whose file was deleted."""
    mine, gone = experiment("mine", "small", "eeg_small"), experiment("gone", "small", "other")
    write_file(folder / "mine.yaml", mine)
    for one in (mine, gone):
        make(lineage(folder, one))
        claim(folder, folder / f"{one.name}.yaml")
    make_synthetic(folder)
    write(folder / PROGRAMS / f"jit_train-{'0a' * 32}-cache")
    return folder


def write_file(path: Path, experiment: Experiment) -> None:
    """Write an experiment's file."""
    content = experiment.model_dump(mode="json", exclude_defaults=True, exclude={"name"})
    path.write_text(yaml.safe_dump(content))


def experiment(name: str, *members: str, **settings: object) -> Experiment:
    """Return an experiment with members of Kaggle's spectrograms, or of the EEG where they are called so."""
    recipes = {
        one: {
            "backbone": "mobilenet_v3_small",
            "preprocessing": {"input": "eeg" if one.startswith("eeg") else "kaggle"},
        }
        for one in members
    }
    content = {"name": name, "description": "", "folds": 2, "members": recipes, **settings}
    return Experiment.model_validate(content)


def places(folder: Path) -> Places:
    """Return the places of a project."""
    return Places(folder / "store", folder / "synthetic", folder / "cache" / "jax")


def dataset(folder: Path, train: str = TRAIN, test: str = TEST) -> Dataset:
    """Return a synthetic data set of a project."""
    return Dataset("synthetic", folder / "synthetic" / train, train, test)


def lineage(folder: Path, made: Experiment, data: Dataset | None = None) -> Lineage:
    """Return the artifacts of an experiment in a project."""
    return Lineage(places(folder).store, data or dataset(folder), made)


def write(*files: Path) -> None:
    """Write files of a few bytes, none like another."""
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"content of {file.name}\n")


def make(lineage: Lineage) -> None:
    """Make and seal every artifact, as far as it is not current, and whatever else a run of it leaves."""
    for artifact in lineage.artifacts:
        if not artifact.is_current():
            write(*files_of(artifact))
            artifact.seal()
    write(lineage.grid_table)
    cell = lineage.cells[0]
    write(lineage.root / "locks" / f"{lineage.dataset.key}--{lineage.experiment.name}--{cell.key}.lock")
    record = lineage.root / "competition_data" / f"{lineage.dataset.folder.name}.json"
    write(record)
    record.write_text(json.dumps({"train": lineage.dataset.fingerprint, "test": lineage.dataset.test_fingerprint}))


def files_of(artifact: Artifact) -> list[Path]:
    """Return the files that an artifact of the project consists of, with the arrays that a table lists."""
    path = artifact.path
    if path.name.startswith("fold_"):
        return [path / "best.keras", path / "last.keras", path / "history.csv"]
    if path.name == "ensemble":
        return [path / "oof.parquet", path / "methods.csv", path / "ensemble" / "blend.json"]
    if path.name == "inference_bundle":
        return [path / "mine-ensemble.zip", path / "mine-ensemble" / "graphs" / "small_0.onnx"]
    if path.name == "spectrograms.parquet" or path.parent.name == "eeg_spectrograms":
        return [path, path.with_suffix("") / "index.json", *(path.with_suffix("") / name for name in ODD)]
    return [path]


def make_synthetic(folder: Path, train: str = TRAIN) -> None:
    """Make what is taken for a synthetic data set."""
    data = folder / "synthetic" / train
    names = ("train.csv", "test.csv", "sample_submission.csv", "truth/train.parquet", "truth/test.parquet")
    write(*(data / name for name in (*names, "train_eegs/1.parquet", "train_spectrograms/2.parquet")))


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder and what is in it."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def look(
    folder: Path, *own: Path, data: Dataset | None = None, chosen: str = "quickstart", runs: Sequence[LoggedRun] = ()
) -> Inventory:
    """Take the inventory of a project, with records of own experiment files in its store."""
    for file in own:
        claim(folder, file)
    return take_inventory(places(folder), data or dataset(folder), chosen, lambda datasets: list(runs))


def claim(folder: Path, file: Path) -> None:
    """Record that the results of the file's name are those of the file."""
    store = places(folder).store
    write_claim(claim_of(file.stem, store), store, file)
