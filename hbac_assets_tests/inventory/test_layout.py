"""Every file that the project writes is recognised, by its path alone, and no other."""

from pathlib import Path

import pytest

from hbac_assets.experiments.loading import available_experiments, load_experiment
from hbac_assets.inventory.layout import PROGRAM_RULES, STORE_RULES, SYNTHETIC_RULES, Kind, Thing, find_thing
from hbac_assets.learning.machine_kind import machine_kind
from hbac_assets.lineage import Dataset, Lineage
from hbac_assets_tests.inventory import stores

ROOT = Path("/somewhere/store")


def found(path, rules=STORE_RULES):
    return find_thing(ROOT, ROOT / path, rules)


@pytest.mark.parametrize("name", available_experiments())
def test_every_artifact_of_an_experiment_is_a_thing_in_its_place(name):
    lineage = Lineage(ROOT, Dataset("kaggle", Path("/raw"), "0" * 16, "1" * 16), load_experiment(name))
    for artifact in lineage.artifacts:
        tables = [artifact.set_aside_path] if artifact.path.suffix in (".parquet", ".csv") else []
        for file in (*stores.files_of(artifact), artifact.manifest_path, *tables):
            thing = find_thing(ROOT, file, STORE_RULES)
            assert thing is not None, file
            place = lineage.search_folder if thing.kind == Kind.SEARCH else artifact.path
            assert (thing.place, thing.dataset) == (place, lineage.dataset.key)
    assert find_thing(ROOT, lineage.grid_table, STORE_RULES).kind == Kind.GRID


def test_what_a_search_writes_is_one_thing():
    lineage = Lineage(
        ROOT,
        Dataset("kaggle", Path("/raw"), "0" * 16, "1" * 16),
        stores.experiment("mine", "small", search={"member": "small"}),
    )
    tuned = lineage.tuned_member
    for file in (tuned.path, tuned.manifest_path, lineage.search_folder / "trials.db"):
        assert find_thing(ROOT, file, STORE_RULES).place == lineage.search_folder
    trial = found("kaggle-00000000/mine/search/trial/fold_0/best.keras")
    assert trial.kind == Kind.LEFTOVER


def test_parts_of_a_path_say_whose_it_is():
    cell = found("kaggle-01234567/mine.v2-miniature/models/small/fold_13/best.keras")
    assert (cell.kind, cell.dataset, cell.experiment) == (Kind.MODEL, "kaggle-01234567", "mine.v2-miniature")
    assert (cell.member, cell.fold) == ("small", 13)
    array = found(f"kaggle-01234567/test/{'ab' * 8}/spectrograms/7.npy")
    assert (array.kind, array.test, array.experiment) == (Kind.SPECTROGRAMS, "ab" * 8, "")


@pytest.mark.parametrize("name", stores.ODD)
def test_arrays_may_have_any_name(name):
    thing = found(f"Ωmega data\n-01234567/spectrograms/{name}")
    assert (thing.kind, thing.place.name) == (Kind.SPECTROGRAMS, "spectrograms.parquet")


@pytest.mark.parametrize(
    "path",
    [
        "notes.txt", "kaggle-01234567/notes.txt", "kaggle-0123456/train_metadata.parquet",
        "kaggle-01234567/spectrograms/deeper/1.npy", "kaggle-01234567/mine/models/small/fold_0/notes.txt",
        "kaggle-01234567/mine/models/small/fold_0/deeper/best.keras", "kaggle-01234567/mine/notes/folds.parquet",
        "kaggle-01234567/mine/models/small/fold_x/best.keras", "kaggle-01234567/mine/.folds.partial.parquet",
        f"kaggle-01234567/test/{'ab' * 7}/rows.parquet", "locks/store.lock.txt", "competition_data/1.json.bak",
        "kaggle-01234567/mine/folds.parquet\n",
    ],
)  # fmt: skip
def test_no_other_file_of_the_store_is_taken_for_one(path):
    assert found(path) is None


def test_leftovers_are_those_that_the_writer_names():
    assert found("kaggle-01234567/mine/.folds.0a1b2c3d.partial.parquet").kind == Kind.LEFTOVER
    assert found("kaggle-01234567/mine/.folds.0a1b2c3d.partial.parquet").dataset == "kaggle-01234567"
    assert found("locks/.x.0a1b2c3d.partial.json").dataset == ""


def test_synthetic_data_and_programs():
    for name in ("train.csv", "sample_submission.csv", "test_eegs/1.parquet", "truth/test.parquet"):
        assert found(f"{'ab' * 8}/{name}", SYNTHETIC_RULES).place == ROOT / ("ab" * 8)
    for name in (f"{'ab' * 8}/train_eegs/1.npy", f"{'ab' * 8}/mine.csv", "mine/train.csv"):
        assert found(name, SYNTHETIC_RULES) is None
    program = f"jit__lambda-{'0f' * 32}-cache"
    for folder in (f"{machine_kind()}", f"{machine_kind('NVIDIA H100 80GB HBM3')}"):
        assert found(f"{folder}/{program}", PROGRAM_RULES) == Thing(Kind.PROGRAMS, ROOT / folder)
    assert found(program, PROGRAM_RULES) == Thing(Kind.PROGRAMS, ROOT)  # of an earlier version
    assert found(f"mine/{program}", PROGRAM_RULES) is None
    assert found("keras.json", PROGRAM_RULES) is None
