"""The dependencies between artifacts, and the cost of checking whether one is up to date."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from hbac_assets.experiments.loading import load_experiment
from hbac_assets.experiments.schema import Experiment
from hbac_assets.lineage import Cell, Dataset, Lineage
from hbac_assets.signals.eeg_recipe import EegRecipe
from hbac_assets.signals.waveform_recipe import WaveformRecipe
from hbac_assets.store.artifact import Artifact

PLAIN, STFT, WAVEFORM = EegRecipe(), EegRecipe(transform="stft"), WaveformRecipe()
MEMBERS = {
    "kaggle": {},
    "mel": {"input": "eeg"},
    "stft": {"input": "eeg", "eeg": {"transform": "stft"}},
    "both": {"input": "both"},
    "raw": {"input": "waveform"},
}
VIEWS = {"views": {"input": "kaggle_eeg_50_10", "image_size": [48, 40]}}
BACKBONES = {"raw": "bipolar_resnet"}


def lineage(*members: str, **settings: object) -> Lineage:
    recipes = {
        name: {"backbone": BACKBONES.get(name, "mobilenet_v3_small"), "preprocessing": (MEMBERS | VIEWS)[name]}
        for name in members
    }
    experiment = Experiment.model_validate({"name": "mine", "description": "", "members": recipes, **settings})
    return Lineage(Path("/store"), Dataset("kaggle", Path("/raw"), "0123456789abcdef", "fedcba9876543210"), experiment)


@pytest.fixture
def mine() -> Lineage:
    return lineage(*MEMBERS)


def test_each_recipe_counts_once(mine: Lineage) -> None:
    assert mine.eeg_recipes == (PLAIN, STFT, WAVEFORM)
    assert lineage("kaggle").eeg_recipes == ()


def test_of_a_window_and_its_labelled_seconds_there_are_arrays_of_both() -> None:
    mine = lineage("views", "mel")
    assert mine.eeg_recipes == (PLAIN, PLAIN.of_label())
    assert [one.source for one in mine.member_inputs("views", "test")] == [None, PLAIN, PLAIN.of_label()]
    assert mine.eeg_folder(PLAIN) != mine.eeg_folder(PLAIN.of_label())
    assert mine.eeg_folder(PLAIN) == lineage("mel").eeg_folder(PLAIN)


def test_a_cell_depends_on_what_its_images_are_made_from(mine: Lineage) -> None:
    made_from = {
        "kaggle": [mine.spectrograms()],
        "mel": [mine.eeg_spectrograms(PLAIN)],
        "stft": [mine.eeg_spectrograms(STFT)],
        "both": [mine.spectrograms(), mine.eeg_spectrograms(PLAIN)],
        "raw": [mine.eeg_spectrograms(WAVEFORM)],
    }
    for member, arrays in made_from.items():
        upstream = [one.path for one in mine.cell(Cell(member, 0)).upstream]
        assert upstream == [one.path for one in (mine.folds, *arrays)]


def test_the_inputs_of_a_member_are_whole(mine: Lineage) -> None:
    kaggle, eeg = mine.member_inputs("both", "test")
    assert (kaggle.table, kaggle.id, kaggle.source) == (mine.spectrograms("test"), "spectrogram_id", None)
    assert (eeg.table, eeg.id, eeg.source) == (mine.eeg_spectrograms(PLAIN, "test"), "eeg_id", PLAIN)
    assert (kaggle.folder, eeg.folder) == (mine.spectrogram_folder("test"), mine.eeg_folder(PLAIN, "test"))
    assert [one.source for one in mine.member_inputs("stft")] == [STFT]
    assert [(one.source, one.id) for one in mine.member_inputs("raw")] == [(WAVEFORM, "eeg_id")]
    assert [one.id for one in mine.member_inputs("kaggle")] == ["spectrogram_id"]


def test_folds_and_predictions_depend_on_all_training_arrays(mine: Lineage) -> None:
    arrays = {mine.spectrograms().path, *(mine.eeg_spectrograms(recipe).path for recipe in (PLAIN, STFT, WAVEFORM))}
    for artifact in (mine.folds, mine.oof):
        assert arrays <= {one.path for one in artifact.upstream}
    kaggle = lineage("kaggle")
    assert {one.path for one in kaggle.folds.upstream} == {kaggle.train_metadata.path, kaggle.spectrograms().path}


def test_the_submission_depends_on_what_its_members_see_of_the_test_set() -> None:
    ensembles = {"all": {"members": list(MEMBERS)}, "last": {"members": ["mel"]}}
    mine = lineage(*MEMBERS, ensembles=ensembles)
    upstream = {one.path for one in mine.submission.upstream}
    assert mine.eeg_spectrograms(PLAIN, "test").path in upstream
    assert not {mine.spectrograms("test").path, mine.eeg_spectrograms(STFT, "test").path} & upstream
    every = lineage(*MEMBERS)
    seen = {every.spectrograms("test").path, *(every.eeg_spectrograms(one, "test").path for one in (STFT, WAVEFORM))}
    assert seen <= {one.path for one in every.submission.upstream}


def test_arrays_of_the_test_set_lie_apart_by_its_table(mine: Lineage) -> None:
    other = replace(mine, dataset=replace(mine.dataset, test_fingerprint="0" * 16))
    assert mine.spectrogram_folder("test") == Path("/store/kaggle-01234567/test/fedcba9876543210/spectrograms")
    assert other.spectrogram_folder("test") != mine.spectrogram_folder("test")
    assert other.spectrogram_folder() == mine.spectrogram_folder()


@pytest.mark.parametrize(
    "change",
    [
        {"transform": "stft"}, {"segment_length": 126}, {"overlap": 90}, {"fft_length": 2048},
        {"frequencies": (0.5, 20)}, {"size": (64, 256)}, {"denoising": "db8"},
    ],
    ids=str,
)  # fmt: skip
def test_every_setting_of_a_recipe_has_a_folder_of_its_own(mine: Lineage, change: dict) -> None:
    other = EegRecipe.model_validate(change)
    assert mine.eeg_folder(other).name.startswith(f"{other.transform}-")
    assert mine.eeg_folder(other) != mine.eeg_folder(PLAIN)
    assert mine.eeg_spectrograms(other).path != mine.eeg_spectrograms(PLAIN).path


@pytest.mark.parametrize("change", [{"rate": 50}, {"seconds": 10}, {"band": (1, 40)}, {"clip": 500}], ids=str)
def test_every_setting_of_waveforms_has_a_folder_of_its_own(mine: Lineage, change: dict) -> None:
    other = WaveformRecipe.model_validate(change)
    assert mine.eeg_folder(other).name.startswith("waveform-")
    assert mine.eeg_folder(other) != mine.eeg_folder(WAVEFORM)
    assert mine.eeg_spectrograms(other).path != mine.eeg_spectrograms(WAVEFORM).path


def test_experiments_share_arrays_if_they_sample_by_one_rule() -> None:
    first = lineage("mel", sampling="all", folds=3)
    assert first.eeg_folder(PLAIN) == lineage("both", sampling="all").eeg_folder(PLAIN)
    assert first.eeg_folder(PLAIN) != lineage("mel", sampling="one_per_eeg").eeg_folder(PLAIN)
    assert first.eeg_folder(PLAIN).parent == Path("/store/kaggle-01234567/eeg_spectrograms")


def upstream_first(artifact: Artifact) -> dict[Path, Artifact]:
    """Return an artifact and all that it is made from, what is made first first."""
    found: dict[Path, Artifact] = {}
    for one in artifact.upstream:
        found |= upstream_first(one)
    return found | {artifact.path: artifact}


def make(lineage: Lineage) -> None:
    for artifact in upstream_first(lineage.submission).values():
        artifact.path.parent.mkdir(parents=True, exist_ok=True)
        artifact.path.write_text(artifact.asset)
        artifact.seal()


@pytest.fixture
def made(tmp_path: Path) -> Lineage:
    """The largest experiment, all of whose artifacts are made."""
    lineage = Lineage(tmp_path, Dataset("kaggle", tmp_path, "f1", "f2"), load_experiment("radboud"))
    make(lineage)
    return lineage


def test_a_question_reads_each_manifest_once(made: Lineage, monkeypatch: pytest.MonkeyPatch) -> None:
    read, read_text = Counter[Path](), Path.read_text

    def counting(path: Path, *args: str, **kwargs: str) -> str:
        read[path] += 1
        return read_text(path, *args, **kwargs)

    monkeypatch.setattr(Path, "read_text", counting)
    assert made.submission.is_current()
    assert read == Counter({one.manifest_path: 1 for one in upstream_first(made.submission).values()})
    assert len(read) > len(made.cells) == 40


def test_a_lineage_sees_what_is_made_while_it_lives(made: Lineage) -> None:
    assert made.submission.is_current()
    model = made.cell(made.cells[0])
    model.path.write_text("trained again")
    assert not made.cell(made.cells[0]).is_current()
    model.seal()
    assert made.cell(made.cells[0]).is_current()
    assert not made.oof.is_current()
    made.oof.seal()
    assert made.oof.is_current()
    made.ensemble.seal()  # with the same content
    assert not made.submission.is_current()
    made.submission.seal()
    assert made.submission.is_current()
