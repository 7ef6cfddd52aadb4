"""Where each artifact lies and which is made from which: the asset graph as files.

Dagster's graph says the same in `assets`; this one decides what is up to date, also for the steps of one asset.
"""

from dataclasses import dataclass
from pathlib import Path

from hbac_assets.artifacts import Artifact
from hbac_assets.experiments.schema import Experiment
from hbac_assets.files import fingerprint
from hbac_assets.signals.eeg_recipe import EegRecipe

# Raise a number when the code of that stage gives other results for the same inputs.
CODE_VERSIONS = {
    "train_metadata": "1",
    "npy_spectrograms": "1",
    "eeg_spectrograms": "1",
    "fold_assignments": "2",
    "trained_models": "2",
    "hyperparameter_search": "1",
    "oof_predictions": "2",
    "ensemble": "2",
    "submission": "2",
}


@dataclass(frozen=True)
class Dataset:
    """A folder in Kaggle's layout, a name for it and the fingerprint of its content."""

    name: str
    folder: Path
    fingerprint: str

    @property
    def key(self) -> str:
        """The name of the data set's folder in the store."""
        return f"{self.name}-{self.fingerprint[:8]}"


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

    @property
    def spectrogram_folder(self) -> Path:
        """The npy spectrograms; `spectrograms` lists those that are whole."""
        return self.dataset_folder / "spectrograms"

    @property
    def train_metadata(self) -> Artifact:
        """train.csv, checked and enriched."""
        return self._artifact(self.dataset_folder / "train_metadata.parquet", "train_metadata")

    @property
    def spectrograms(self) -> Artifact:
        """The table of converted spectrograms, with a digest for each file."""
        return self._artifact(self.dataset_folder / "spectrograms.parquet", "npy_spectrograms")

    @property
    def eeg_recipes(self) -> tuple[EegRecipe, ...]:
        """How the experiment's members want spectrograms made from the EEG, each way once."""
        recipes = (member.preprocessing.eeg for member in self.experiment.members.values())
        return tuple(dict.fromkeys(recipe for recipe in recipes if recipe))

    def eeg_folder(self, recipe: EegRecipe) -> Path:
        """The npy spectrograms of a recipe; `eeg_spectrograms` lists those that are whole."""
        name = f"{recipe.transform}-{fingerprint(self._windows_and(recipe))[:8]}"
        return self.dataset_folder / "eeg_spectrograms" / name

    def eeg_spectrograms(self, recipe: EegRecipe) -> Artifact:
        """The table of the windows of which a recipe made spectrograms, with the digest of each file."""
        folder = self.eeg_folder(recipe)
        table = folder.with_name(f"{folder.name}.parquet")
        return self._artifact(table, "eeg_spectrograms", self._windows_and(recipe), (self.train_metadata,))

    @property
    def arrays(self) -> tuple[Artifact, ...]:
        """All that the experiment's images and references are made from."""
        return (self.spectrograms, *map(self.eeg_spectrograms, self.eeg_recipes))

    @property
    def folds(self) -> Artifact:
        """The sampled rows, each with its fold."""
        experiment = self.experiment
        rows = [experiment.sampling, experiment.folds, experiment.fold_seed, experiment.max_rows]
        upstream = (self.train_metadata, *self.arrays)
        return self._artifact(self.experiment_folder / "folds.parquet", "fold_assignments", rows, upstream)

    def cell(self, cell: Cell) -> Artifact:
        """One trained model: its weights, history and parameter counts."""
        folder = self.experiment_folder / "models" / cell.member / f"fold_{cell.fold}"
        recipe = self.experiment.members[cell.member].model_dump(mode="json")
        upstream = (self.folds, *self.member_arrays(cell.member))
        return self._artifact(folder, "trained_models", [recipe, cell.fold], upstream)

    def member_arrays(self, member: str) -> tuple[Artifact, ...]:
        """What the images of a member are made from."""
        preprocessing = self.experiment.members[member].preprocessing
        kaggle = (self.spectrograms,) if preprocessing.input != "eeg" else ()
        eeg = (self.eeg_spectrograms(preprocessing.eeg),) if preprocessing.eeg else ()
        return kaggle + eeg

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
        settings = [search.model_dump(mode="json", exclude={"batches"}), [cell.settings for cell in cells]]
        path = self.search_folder / f"{search.member}_tuned.yaml"
        return self._artifact(path, "hyperparameter_search", settings, cells[0].upstream)

    def member_fingerprint(self, member: str) -> str:
        """Return what tells one state of a member, on all folds together, from another."""
        return fingerprint([self.cell(Cell(member, fold)).inputs for fold in range(self.experiment.folds)])

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
        return self._artifact(path, "oof_predictions", upstream=(*self.models, self.folds, *self.arrays))

    @property
    def ensemble(self) -> Artifact:
        """The ensembles: how each blends its members, its out-of-fold predictions and scores."""
        definitions = [(name, one.model_dump(mode="json")) for name, one in self.experiment.ensembles.items()]
        return self._artifact(self.experiment_folder / "ensemble", "ensemble", definitions, (self.oof,))

    def blend_folder(self, ensemble: str) -> Path:
        """Return the folder, in that of all ensembles, which holds what one of them learned."""
        return self.ensemble.path / ensemble

    def ensemble_fingerprint(self, ensemble: str) -> str:
        """Return what tells one state of an ensemble from another, whatever other ensembles there are."""
        definition = self.experiment.ensembles[ensemble].model_dump(mode="json")
        return fingerprint([CODE_VERSIONS["ensemble"], definition, self.oof.digest()])

    @property
    def submission(self) -> Artifact:
        """Predictions of the test rows in Kaggle's format."""
        upstream = (self.ensemble, *self.models, *self.arrays)
        path = self.experiment_folder / "submission.csv"
        return self._artifact(path, "submission", self.experiment.submitted, upstream)

    def _windows_and(self, recipe: EegRecipe) -> list[object]:
        """Return what determines the spectrograms of a recipe: the windows are those that the sampling rule picks."""
        return [self.experiment.sampling, recipe.model_dump(mode="json")]

    def _artifact(
        self, path: Path, asset: str, settings: object = None, upstream: tuple[Artifact, ...] = ()
    ) -> Artifact:
        version = CODE_VERSIONS[asset]
        return Artifact(path, asset, [self.dataset.fingerprint, version, settings], upstream)
