"""Files of the store that were changed externally: refused by their users, recomputed by their asset."""

import json
import os
import re
import shutil

import keras
import numpy as np
import pandas as pd
import pytest

from hbac_assets.resources.competition import CompetitionData
from hbac_assets.resources.store import Store
from hbac_assets.store.files import file_digest
from hbac_assets_tests.faults.requirements import require_finishes
from hbac_assets_tests.faults.selection import some_at_once
from hbac_assets_tests.faults.small import small_project
from hbac_assets_tests.projects import RECORDINGS

EEG_ALONE = """
description: A member of the EEG.
folds: 2
members:
  small: {backbone: mobilenet_v3_small, preprocessing: {input: eeg}}
"""


@pytest.fixture
def copied(fresh, undisturbed):
    """A project with a copy of the undisturbed store."""
    store = Store(folder=str(shutil.copytree(undisturbed.folder / "store", fresh.folder / "store")))
    # The record of the data names their folder, which the copy reaches by another path.
    CompetitionData(synthetic_recordings=RECORDINGS).prepare(store, lambda done, total: None)
    return fresh


def flip(path, at=-1000):
    """Change one byte; size and times stay."""
    status, content = path.stat(), bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def an_array(project):
    """Return the array of a row that is predicted."""
    spectrogram = pd.read_parquet(project.results / "folds.parquet")["spectrogram_id"].iloc[0]
    return project.results.parent / "spectrograms" / f"{spectrogram}.npy"


def a_model(project, number=0):
    return sorted(project.results.glob("models/*/fold_*/best.keras"))[number]


def forget(project, name):
    (project.results / f"{name}.manifest.json").unlink()


def spoil_array(project):
    flip(an_array(project))
    forget(project, "oof.parquet")


def cut_model(project):
    model = a_model(project)
    model.write_bytes(model.read_bytes()[:5000])
    forget(project, "oof.parquet")


def other_architecture(project):
    keras.Sequential([keras.Input((6,)), keras.layers.Dense(6)]).save(a_model(project))
    forget(project, "oof.parquet")


def other_folds(project):
    path = project.results / "folds.parquet"
    pd.read_parquet(path).assign(spectrogram_id=range(10_000, 10_000 + len(pd.read_parquet(path)))).to_parquet(path)


def cut_oof(project):
    path = project.results / "oof.parquet"
    path.write_bytes(path.read_bytes()[:100])
    forget(project, "ensemble")


def garbled_manifest(project):
    (project.results / "oof.parquet.manifest.json").write_text("{")
    forget(project, "ensemble")


def reseal(folder, *files):
    """Write the present sizes and digests of files into the manifest that lists them."""
    manifest = folder.with_name(f"{folder.name}.manifest.json")
    content = json.loads(manifest.read_text())
    for file in files:
        facts = {"bytes": file.stat().st_size, "sha256": file_digest(file)}
        content["files"][str(file.relative_to(folder.parent))] = facts
    manifest.write_text(json.dumps(content))


def model_with_code(project):
    """Put a model whose file holds code in the place of one, and make the manifest say that it is right."""
    model, trace = a_model(project), str(project.folder / "code_ran")
    layer = keras.layers.Lambda(lambda x, trace=trace: open(trace, "w") and x, output_shape=(6,))  # noqa: PTH123, SIM115
    keras.Sequential([keras.Input((6,)), layer]).save(model)
    (project.folder / "code_ran").unlink(missing_ok=True)
    reseal(model.parent, model)
    forget(project, "oof.parquet")


def pickled_array(project):
    """Put pickled objects in the place of an array, and make its table and the manifest say that it is right."""
    array = an_array(project)
    np.save(array, np.array([{}], dtype=object), allow_pickle=True)
    listed = array.parent.with_suffix(".parquet")
    table = pd.read_parquet(listed)
    table.loc[table["spectrogram_id"] == int(array.stem), "digest"] = file_digest(array)
    table.to_parquet(listed, index=False)
    reseal(listed, listed)


CASES = {
    "an array of which one byte was changed": (
        spoil_array,
        "oof_predictions",
        r"spectrograms/\d+.npy: missing, or differs from spectrograms.parquet \(SHA-256\): materialize npy_",
    ),
    "a model cut short": (
        cut_model,
        "oof_predictions",
        "oof_predictions: not trained: small__fold_0; materialize trained_models",
    ),
    "a model of another architecture": (
        other_architecture,
        "oof_predictions",
        "oof_predictions: not trained: small__fold_0; materialize trained_models",
    ),
    "folds of another data set": (
        other_folds,
        "trained_models",
        r"folds.parquet: differs from its manifest \(size or SHA-256\): materialize fold_assignments again",
    ),
    "predictions cut short": (
        cut_oof,
        "ensemble",
        r"oof.parquet: differs from its manifest \(size or SHA-256\): materialize oof_predictions again",
    ),
    "a model with code in it, and a manifest that lists it": (
        model_with_code,
        "oof_predictions",
        r"best.keras: not a whole Keras model \(ValueError\); train this cell again",
    ),
    "an array of pickled objects, and tables that list it": (
        pickled_array,
        "fold_assignments,trained_models",
        r"spectrograms/\d+.npy: not an .npy array \(.*Python objects.*\); materialize npy_spectrograms again",
    ),
    "a manifest that is no JSON": (
        garbled_manifest,
        "ensemble",
        "oof.parquet: not made yet: materialize oof_predictions first",
    ),
}


def refused(project, assets, expected, name, case, **environment):
    """Materialize assets, which must fail with a line."""
    done = project.command("dagster", "asset", "materialize", "--select", assets, **environment)
    lines = [line for line in done.stderr.splitlines() if re.search(expected, line)]
    case(name, expected, lines[0] if lines else done.stderr[-500:])
    assert done.returncode != 0
    assert lines


@pytest.mark.parametrize("name", some_at_once(CASES))
def test_it_is_never_used(name, copied, case):
    spoil, assets, expected = CASES[name]
    spoil(copied)
    refused(copied, assets, expected, name, case)
    assert not (copied.folder / "code_ran").exists()


@pytest.mark.long
def test_folds_of_another_data_set_with_their_manifest_are_out_of_date(copied, tmp_path, case):
    other = small_project(tmp_path / "other", HBAC_SYNTHETIC_RECORDINGS="40")
    done = other.command("dagster", "asset", "materialize", "--select", "*fold_assignments")
    assert done.returncode == 0, done.stderr
    for name in ("folds.parquet", "folds.parquet.manifest.json"):
        shutil.copy(other.results / name, copied.results / name)
    expected = r"folds.parquet: out of date, its settings or inputs have changed: materialize fold_assignments first"
    refused(copied, "trained_models", expected, "folds of another data set, with their manifest", case)


@pytest.mark.long
def test_a_changed_array_of_an_eeg_is_never_used(copied, tmp_path, case):
    experiment = tmp_path / "eeg.yaml"
    experiment.write_text(EEG_ALONE)
    select = ("dagster", "asset", "materialize", "--select")
    done = copied.command(*select, "*fold_assignments", HBAC_EXPERIMENT=str(experiment))
    assert done.returncode == 0, done.stderr
    folds, _ = sorted((copied.folder / "store").glob("*/*/folds.parquet"))
    eeg = pd.read_parquet(folds)["eeg_id"].iloc[0]
    (array,) = folds.parents[1].glob(f"eeg_spectrograms/*/{eeg}.npy")
    flip(array)
    expected = rf"{eeg}.npy: missing, or differs from mel-\w+.parquet \(SHA-256\): materialize eeg_spectrograms again"
    name = "an array of an EEG of which one byte was changed"
    refused(copied, "trained_models", expected, name, case, HBAC_EXPERIMENT=str(experiment))


@pytest.mark.long
def test_one_run_makes_all_of_it_again_with_the_same_bits(copied, undisturbed, case):
    spoil_array(copied)
    a_model(copied).write_bytes(b"")
    flip(a_model(copied, -1))
    flip(copied.results / "submission.csv", at=-10)
    require_finishes(copied, undisturbed)
    case("array, models and submission changed, then `make run`", "the same bits as before", "the same bits as before")
