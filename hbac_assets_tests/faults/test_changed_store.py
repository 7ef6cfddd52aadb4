"""Files of the store that were changed behind its back: refused where they are used, made again where they are made."""

import os
import re
import shutil

import pandas as pd
import pytest

from hbac_assets_tests.faults.selection import some_at_once
from hbac_assets_tests.projects import make_project, share_generated_data


@pytest.fixture
def copied(finished, tmp_path):
    """A project with a copy of the finished store, and of what its tracking and Dagster know."""
    project = make_project(tmp_path / "copied")
    share_generated_data(finished[0], project)
    shutil.copytree(finished[0].folder / "store", project.folder / "store")
    done = project.command("dagster", "asset", "materialize", "--select", "competition_data")
    assert done.returncode == 0, done.stderr
    return project


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
    return sorted(project.results.glob("models/*/fold_*/last.keras"))[number]


def forget(project, name):
    (project.results / f"{name}.manifest.json").unlink()


def spoil_array(project):
    flip(an_array(project))
    forget(project, "oof.parquet")


def cut_model(project):
    model = a_model(project)
    model.write_bytes(model.read_bytes()[:5000])
    forget(project, "oof.parquet")


def swap_models(project):
    shutil.copy(a_model(project, -1), a_model(project, 0))
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


CASES = {
    "an array of which one byte was changed": (
        spoil_array,
        "oof_predictions",
        r"spectrograms/\d+.npy: missing, or differs from spectrograms.parquet \(SHA-256\): materialize npy_",
    ),
    "a model cut short": (
        cut_model,
        "oof_predictions",
        "oof_predictions: not trained: mobilenet_v3_large__fold_0; materialize trained_models",
    ),
    "a model of another architecture": (
        swap_models,
        "oof_predictions",
        "oof_predictions: not trained: mobilenet_v3_large__fold_0; materialize trained_models",
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
    "a manifest that is no JSON": (
        garbled_manifest,
        "ensemble",
        "oof.parquet: not made yet: materialize oof_predictions first",
    ),
}


@pytest.mark.parametrize("name", some_at_once(CASES))
def test_it_is_never_used(name, copied, case):
    spoil, asset, expected = CASES[name]
    spoil(copied)
    done = copied.command("dagster", "asset", "materialize", "--select", asset)
    lines = [line for line in done.stderr.splitlines() if re.search(expected, line)]
    case(name, expected, lines[0] if lines else done.stderr[-500:])
    assert done.returncode != 0
    assert lines


def test_one_run_makes_all_of_it_again_with_the_same_bits(copied, finished, case):
    spoil_array(copied)
    a_model(copied).write_bytes(b"")
    flip(a_model(copied, -1))
    flip(copied.results / "submission.csv", at=-10)
    done = copied.run()
    assert done.returncode == 0, done.stdout + done.stderr
    for name in ("oof.parquet", "submission.csv"):
        assert (copied.results / name).read_bytes() == (finished[0].results / name).read_bytes()
    case("array, models and submission changed, then `make run`", "the same bits as before", "the same bits as before")
