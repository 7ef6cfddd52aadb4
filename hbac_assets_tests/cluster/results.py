"""Requirements of the small experiment's results, however its steps were executed."""

import hashlib
import zipfile
from pathlib import Path

from hbac_assets.store.files import file_digest
from hbac_assets_tests.faults.small import EPOCHS, FOLDS
from hbac_assets_tests.projects import Project

GRID = ("models/*/fold_*/*.keras",)
RESULTS = ("folds.parquet", "oof.parquet", "submission.csv", *GRID)
WEIGHTS = "model.weights.h5"
"""In a model's file, whose other parts say when it was saved."""


def digest(file: Path) -> str:
    """Return the digest of a file or, of a model's, of its weights."""
    if file.suffix != ".keras":
        return file_digest(file)
    with zipfile.ZipFile(file) as model:
        return hashlib.sha256(model.read(WEIGHTS)).hexdigest()


def digests(project: Project, patterns: tuple[str, ...]) -> dict[str, str]:
    """Return the digests of an experiment's files by path."""
    files = [file for pattern in patterns for file in project.results.glob(pattern)]
    return {str(file.relative_to(project.results)): digest(file) for file in files}


def require_bits(project: Project, undisturbed: Project, patterns: tuple[str, ...] = RESULTS) -> None:
    """Check that results are bit-identical to an undisturbed local run, without partly written files."""
    expected = digests(undisturbed, patterns)
    assert len(expected) >= FOLDS
    assert digests(project, patterns) == expected
    assert not list((project.folder / "store").rglob("*.partial*"))


def require_each_epoch_once(epochs: list[tuple[int, int]]) -> None:
    """Check that every epoch was trained exactly once."""
    assert sorted(epochs) == [(fold, epoch) for fold in range(FOLDS) for epoch in range(1, EPOCHS + 1)]
