"""Where each artifact lies and which is made from which: the asset graph as files.

Dagster's graph says the same in `assets`: the `deps` of each are the assets that make what is upstream here. This one
decides what is up to date, also for the steps of one asset.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hbac_assets.experiments.schema import Experiment
from hbac_assets.inference.carrying import carried_modules
from hbac_assets.learning.inputs.kind import Source
from hbac_assets.signals.eeg_arrays import Recipe
from hbac_assets.store.artifact import Artifact
from hbac_assets.store.files import fingerprint

# Raise a number when the code of that stage gives other results for the same inputs, or a default is changed: settings
# count by what differs from their defaults.
CODE_VERSIONS = {
    "competition_data": "2",
    "train_metadata": "2",
    "npy_spectrograms": "2",
    "eeg_spectrograms": "2",
    "fold_assignments": "3",
    "trained_models": "2",
    "hyperparameter_search": "1",
    "oof_predictions": "3",
    "ensemble": "3",
    "submission": "3",
    "experiment_report": "2",
    "inference_bundle": "1",
}

Split = Literal["train", "test"]

SYNTHETIC = "synthetic"
"""The name of the data sets that this project makes."""


@dataclass(frozen=True)
class Dataset:
    """A folder in Kaggle's layout, a name for its kind, and the fingerprints of its training and its test tables.

    Results depend on the first; on the second only what is predicted for the test set.
    """

    name: str
    folder: Path
    fingerprint: str
    test_fingerprint: str

    @property
    def key(self) -> str:
        """The name of the data set's folder in the store."""
        return f"{self.name}-{self.fingerprint[:8]}"

    @property
    def is_synthetic(self) -> bool:
        """Whether the data are made by this project."""
        return self.name == SYNTHETIC


@dataclass(frozen=True)
class Cell:
    """One member of an experiment on one fold."""

    member: str
    fold: int

    @property
    def key(self) -> str:
        """The cell's name in steps, logs and locks."""
        return f"{self.member}__fold_{self.fold}"

    @classmethod
    def from_key(cls, key: str) -> "Cell":
        """Return the cell of a `key`."""
        member, fold = key.split("__fold_")
        return cls(member, int(fold))


@dataclass(frozen=True)
class StoredArrays:
    """Spectrograms or waveforms of one kind: a folder of `<id>.npy`, and the table that lists them with their digests.

    Attributes:
        folder: holds the arrays.
        table: the artifact.
        id: the column of the table, and of sampled rows, that names an array.
        source: the recipe that made them from the EEG; None: they are Kaggle's.
    """

    folder: Path
    table: Artifact
    id: str
    source: Source


@dataclass(frozen=True)
class Lineage:
    """The artifacts of one experiment on one data set in one store."""

    root: Path
    dataset: Dataset
    experiment: Experiment

    @property
    def dataset_folder(self) -> Path:
        """Results that every experiment on this data set shares."""
        return self.root / self.dataset.key

    @property
    def experiment_folder(self) -> Path:
        """Results of this experiment on this data set."""
        return self.dataset_folder / self.experiment.name

    def recordings_folder(self, split: Split) -> Path:
        """What is made of the recordings of a split; the test set has a folder of its own for each of its tables."""
        return self.dataset_folder if split == "train" else self.dataset_folder / "test" / self.dataset.test_fingerprint

    def spectrogram_folder(self, split: Split = "train") -> Path:
        """The npy spectrograms; `spectrograms` lists those that are whole."""
        return self.recordings_folder(split) / "spectrograms"

    @property
    def train_metadata(self) -> Artifact:
        """train.csv, checked and enriched."""
        return self._artifact(self.dataset_folder / "train_metadata.parquet", "train_metadata")

    @property
    def test_rows(self) -> Artifact:
        """The rows to predict."""
        path = self.recordings_folder("test") / "rows.parquet"
        return self._artifact(path, "submission", self.dataset.test_fingerprint)

    def spectrograms(self, split: Split = "train") -> Artifact:
        """The table of converted spectrograms, with a digest for each file."""
        asset, rows = ("npy_spectrograms", self.train_metadata) if split == "train" else ("submission", self.test_rows)
        return self._artifact(self.recordings_folder(split) / "spectrograms.parquet", asset, upstream=(rows,))

    @property
    def eeg_recipes(self) -> tuple[Recipe, ...]:
        """How the experiment's members want spectrograms or waveforms made from the EEG, each way once."""
        return tuple(filter(None, self._sources(self.experiment.members)))

    def eeg_folder(self, recipe: Recipe, split: Split = "train") -> Path:
        """The npy arrays of a recipe; `eeg_spectrograms` lists those that are whole."""
        name = f"{recipe.name}-{fingerprint(self._windows_and(recipe, split))[:8]}"
        return self.recordings_folder(split) / "eeg_spectrograms" / name

    def eeg_spectrograms(self, recipe: Recipe, split: Split = "train") -> Artifact:
        """The table of the windows of which a recipe made arrays, with the digest of each file."""
        folder = self.eeg_folder(recipe, split)
        table = folder.with_name(f"{folder.name}.parquet")
        asset, rows = ("eeg_spectrograms", self.train_metadata) if split == "train" else ("submission", self.test_rows)
        return self._artifact(table, asset, self._windows_and(recipe, split), (rows,))

    @property
    def arrays(self) -> tuple[Artifact, ...]:
        """All that the experiment's training images and references are made from."""
        return (self.spectrograms(), *map(self.eeg_spectrograms, self.eeg_recipes))

    @property
    def folds(self) -> Artifact:
        """The sampled rows, each with its fold."""
        rows = self.experiment.rows_recipe
        upstream = (self.train_metadata, *self.arrays)
        return self._artifact(self.experiment_folder / "folds.parquet", "fold_assignments", rows, upstream)

    def cell(self, cell: Cell) -> Artifact:
        """One trained model: its weights, history and parameter counts."""
        folder = self.experiment_folder / "models" / cell.member / f"fold_{cell.fold}"
        recipe = self.experiment.members[cell.member].training_recipe
        upstream = (self.folds, *(one.table for one in self.member_inputs(cell.member)))
        return self._artifact(folder, "trained_models", [recipe, cell.fold], upstream)

    def stored_arrays(self, source: Source, split: Split = "train") -> StoredArrays:
        """The arrays of one source."""
        if source is None:
            return StoredArrays(self.spectrogram_folder(split), self.spectrograms(split), "spectrogram_id", None)
        return StoredArrays(self.eeg_folder(source, split), self.eeg_spectrograms(source, split), "eeg_id", source)

    def member_inputs(self, member: str, split: Split = "train") -> tuple[StoredArrays, ...]:
        """The arrays that a member's inputs are made from."""
        return tuple(self.stored_arrays(source, split) for source in self._sources([member]))

    @property
    def submitted_members(self) -> tuple[str, ...]:
        """The members of the ensemble that is submitted."""
        return self.experiment.ensembles[self.experiment.submitted].members

    @property
    def search_folder(self) -> Path:
        """The trials of the hyperparameter search and what it found."""
        return self.experiment_folder / "search"

    @property
    def tuned_member(self) -> Artifact:
        """The recipe that the hyperparameter search found; its inputs name the study.

        How many batches there are is no part of them: a search with more goes on from the trials there are.
        """
        search = self.experiment.search
        assert search is not None
        cells = [self.cell(Cell(search.member, fold)) for fold in range(search.folds)]
        settings = [search.study_recipe, [cell.settings for cell in cells]]
        path = self.search_folder / f"{search.member}_tuned.yaml"
        return self._artifact(path, "hyperparameter_search", settings, cells[0].upstream)

    def cell_fingerprint(self, cell: Cell) -> str:
        """Return the fingerprint of a cell: of its model's inputs, and of how that model predicts."""
        return fingerprint([self.cell(cell).inputs, self.experiment.members[cell.member].prediction_recipe])

    def member_fingerprint(self, member: str) -> str:
        """Return the fingerprint of a member over all folds."""
        return fingerprint([self.cell_fingerprint(Cell(member, fold)) for fold in range(self.experiment.folds)])

    @property
    def cells(self) -> list[Cell]:
        """The grid: every member on every fold."""
        return [Cell(member, fold) for member in self.experiment.members for fold in range(self.experiment.folds)]

    @property
    def models(self) -> tuple[Artifact, ...]:
        """The trained models of the whole grid, in the order of `cells`."""
        return tuple(map(self.cell, self.cells))

    @property
    def grid_table(self) -> Path:
        """The table of the grid: what is trained, how well, and what is missing."""
        return self.experiment_folder / "models.parquet"

    @property
    def oof(self) -> Artifact:
        """Out-of-fold predictions, one row for each sample and member."""
        path = self.experiment_folder / "oof.parquet"
        predicting = self._prediction_recipes(self.experiment.members)
        return self._artifact(path, "oof_predictions", predicting, (*self.models, self.folds, *self.arrays))

    @property
    def ensemble(self) -> Artifact:
        """The ensembles: how each blends its members, its out-of-fold predictions and scores."""
        definitions = [(name, one.non_defaults()) for name, one in self.experiment.ensembles.items()]
        return self._artifact(self.experiment_folder / "ensemble", "ensemble", definitions, (self.oof,))

    def blend_folder(self, ensemble: str) -> Path:
        """Return the folder, in that of all ensembles, which holds what one of them learned."""
        return self.ensemble.path / ensemble

    def ensemble_fingerprint(self, ensemble: str) -> str:
        """Return what tells one state of an ensemble from another, whatever other ensembles there are."""
        definition = self.experiment.ensembles[ensemble].non_defaults()
        return fingerprint([CODE_VERSIONS["ensemble"], definition, self.oof.digest()])

    @property
    def test_inputs(self) -> tuple[StoredArrays, ...]:
        """All that the inputs of the submitted ensemble's members are made from, for the test set."""
        return tuple(self.stored_arrays(source, "test") for source in self._sources(self.submitted_members))

    @property
    def submission(self) -> Artifact:
        """Predictions of the test rows in Kaggle's format."""
        upstream = (self.ensemble, *self.models, self.folds, self.test_rows, *(one.table for one in self.test_inputs))
        path = self.experiment_folder / "submission.csv"
        settings = [self.experiment.submitted, self._prediction_recipes(self.submitted_members)]
        return self._artifact(path, "submission", settings, upstream)

    @property
    def report(self) -> Artifact:
        """The page that shows all results; what it quotes of the experiment's file makes it out of date, too."""
        experiment = self.experiment
        published = {name: [one.non_defaults() for one in values] for name, values in experiment.published.items()}
        settings = [experiment.submitted, experiment.description, experiment.comparability, published]
        upstream = (self.ensemble, self.oof, *self.models, self.folds, self.spectrograms())
        return self._artifact(self.experiment_folder / "report.html", "experiment_report", settings, upstream)

    @property
    def bundle(self) -> Artifact:
        """The folder that holds the bundle of the submitted ensemble, as a folder and as a zip.

        The code that a bundle carries along is a part of it, and makes it out of date when it changes.
        """
        members = self.submitted_members
        models = tuple(self.cell(cell) for cell in self.cells if cell.member in members)
        settings = [self.experiment.submitted, self._prediction_recipes(members), fingerprint(carried_modules())]
        upstream = (self.ensemble, *models, self.folds)
        return self._artifact(self.experiment_folder / "inference_bundle", "inference_bundle", settings, upstream)

    @property
    def bundle_folder(self) -> Path:
        """The bundle itself; its zip lies beside it."""
        return self.bundle.path / f"{self.experiment.name}-{self.experiment.submitted}"

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """Every artifact of the experiment, those that it shares with others included, what is made first first."""
        last = (self.submission, self.report, self.bundle, *((self.tuned_member,) if self.experiment.search else ()))
        found: dict[Path, Artifact] = {}

        def add(artifact: Artifact) -> None:
            if artifact.path not in found:
                for one in artifact.upstream:
                    add(one)
                found[artifact.path] = artifact

        for artifact in last:
            add(artifact)
        return tuple(found.values())

    def _prediction_recipes(self, members: Iterable[str]) -> dict[str, object]:
        return {member: self.experiment.members[member].prediction_recipe for member in members}

    def _sources(self, members: Iterable[str]) -> tuple[Source, ...]:
        """Return the sources of these members' inputs, each once; Kaggle's first."""
        settings = (self.experiment.members[member].preprocessing for member in members)
        sources = dict.fromkeys(source for one in settings for source in one.kind.sources(one))
        return tuple(sorted(sources, key=lambda source: source is not None))

    def _windows_and(self, recipe: Recipe, split: Split) -> list[object]:
        """Return what determines the arrays of a recipe, of training windows also the rule that picks them."""
        which = self.experiment.sampling if split == "train" else split
        return [which, recipe.non_defaults()]

    def _artifact(
        self, path: Path, asset: str, settings: object = None, upstream: tuple[Artifact, ...] = ()
    ) -> Artifact:
        version = CODE_VERSIONS[asset]
        return Artifact(path, asset, [self.dataset.fingerprint, version, settings], upstream)
