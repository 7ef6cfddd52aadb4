r"""The thing to which a file belongs, by its path alone: of the store, the synthetic data, or the compiled programs.

A thing is kept or freed as a whole. If it is an artifact of `lineage`, its place is the artifact's path: a table with
its manifest, its list of rows or files set aside and the arrays that it lists, or a folder with its manifest.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from hbac_assets.store.files import TEMPORARY_MARK


class Kind(StrEnum):
    """The kind of a thing, in the words of the listing."""

    LABELS = "labels"
    SPECTROGRAMS = "spectrograms"
    RECIPE = "EEG recipe"
    TEST_ROWS = "test rows"
    FOLDS = "folds"
    MODEL = "model"
    CHECKPOINT = "checkpoint"
    GRID = "models, table"
    PREDICTIONS = "predictions"
    ENSEMBLE = "ensembles"
    SUBMISSION = "submission"
    REPORT = "report"
    BUNDLE = "bundle"
    SEARCH = "search"
    DATA_RECORD = "record of data"
    EXPERIMENT_RECORD = "record of its file"
    LOCKS = "locks"
    SYNTHETIC = "synthetic data"
    PROGRAMS = "compiled programs"
    LEFTOVER = "leftover"


@dataclass(frozen=True)
class Thing:
    """Files that are kept or freed together.

    Attributes:
        kind: of the thing.
        place: its path.
        dataset: the key of its data set; empty if it has none.
        experiment: its experiment; empty if common to several.
        test: the fingerprint of its test set; empty for things of the training set.
        member: of a model.
        fold: of a model.
    """

    kind: Kind
    place: Path
    dataset: str = ""
    experiment: str = ""
    test: str = ""
    member: str = ""
    fold: int = 0


@dataclass(frozen=True)
class Rule:
    """The paths of the files of a kind, below one folder.

    Attributes:
        kind: of the thing.
        beginning: a pattern of the thing's path without its suffix.
        endings: a pattern of the rest of the path, for files known without a manifest.
        suffix: of the thing's path.
        listed: whether a manifest may list more files, in the thing's folder.
    """

    kind: Kind
    beginning: str
    endings: str
    suffix: str = ""
    listed: bool = False


_DATASET = r"(?P<dataset>[^/]+-[0-9a-f]{8})"
_SPLIT = rf"{_DATASET}/(?:test/(?P<test>[0-9a-f]{{16}})/)?"
_EXPERIMENT = r"(?P<experiment>[A-Za-z0-9][A-Za-z0-9_.-]*)"
_RESULT = rf"{_DATASET}/{_EXPERIMENT}"
_CELL = rf"{_RESULT}/models/(?P<member>[^/]+)/fold_(?P<fold>[0-9]+)"
_MANIFEST = r"\.manifest\.json"
_TABLE = rf"\.parquet(?:{_MANIFEST})?|\.set_aside\.csv"
_ARRAYS = rf"{_TABLE}|/index\.json|/[^/]+\.npy"
_BUNDLED = r"bundle\.json|SHA256SUMS|predict\.py|requirements\.txt|MODEL_CARD\.md|LICENSE"
_TRAINED = r"(?:best|last)\.keras|history\.csv"

STORE_RULES = (
    Rule(Kind.LABELS, rf"{_DATASET}/train_metadata", _TABLE, ".parquet"),
    Rule(Kind.SPECTROGRAMS, rf"{_SPLIT}spectrograms", _ARRAYS, ".parquet"),
    Rule(Kind.RECIPE, rf"{_SPLIT}eeg_spectrograms/[a-z0-9_]+-[0-9a-f]{{8}}", _ARRAYS, ".parquet"),
    Rule(Kind.TEST_ROWS, rf"{_DATASET}/test/(?P<test>[0-9a-f]{{16}})/rows", _TABLE, ".parquet"),
    Rule(Kind.FOLDS, rf"{_RESULT}/folds", _TABLE, ".parquet"),
    Rule(Kind.CHECKPOINT, _CELL, r"\.checkpoint\.npz", ".checkpoint.npz"),
    Rule(Kind.MODEL, _CELL, rf"{_MANIFEST}|/(?:{_TRAINED})", listed=True),
    Rule(Kind.GRID, rf"{_RESULT}/models", r"\.parquet", ".parquet"),
    Rule(Kind.PREDICTIONS, rf"{_RESULT}/oof", _TABLE, ".parquet"),
    Rule(
        Kind.ENSEMBLE,
        rf"{_RESULT}/ensemble",
        rf"{_MANIFEST}|/(?:oof\.parquet|methods\.csv|[^/]+/(?:blend\.json|stacking\.keras))",
        listed=True,
    ),
    Rule(Kind.SUBMISSION, rf"{_RESULT}/submission", rf"\.csv(?:{_MANIFEST})?|\.set_aside\.csv", ".csv"),
    Rule(Kind.REPORT, rf"{_RESULT}/report", rf"\.html(?:{_MANIFEST})?", ".html"),
    Rule(
        Kind.BUNDLE,
        rf"{_RESULT}/inference_bundle",
        rf"{_MANIFEST}|/[^/]+\.zip|/[^/]+/(?:graphs/[^/]+\.onnx|hbac_bundle/.+\.py|{_BUNDLED})",
        listed=True,
    ),
    Rule(Kind.LEFTOVER, rf"{_RESULT}/search/trial", rf"/fold_[0-9]+(?:\.checkpoint\.npz|/(?:{_TRAINED}))"),
    Rule(
        Kind.SEARCH,
        rf"{_RESULT}/search",
        rf"/(?:trials\.db(?:-journal|-wal|-shm)?|[^/]+_tuned\.yaml(?:{_MANIFEST})?)",
    ),
    Rule(Kind.DATA_RECORD, r"competition_data/[^/]+", r"\.json", ".json"),
    Rule(Kind.EXPERIMENT_RECORD, rf"experiments/{_EXPERIMENT}", r"\.json", ".json"),
    Rule(Kind.LOCKS, "locks", r"/[^/]+\.lock|/run-[^/]+\.json"),
)
SYNTHETIC_RULES = (
    Rule(
        Kind.SYNTHETIC,
        "[0-9a-f]{16}",
        r"/(?:(?:train|test|sample_submission)\.csv|(?:train|test)_(?:eegs|spectrograms)/[^/]+\.parquet"
        r"|truth/(?:train|test)\.parquet)",
    ),
)
PROGRAM_RULES = (
    Rule(Kind.PROGRAMS, r"[a-z0-9-]+-[0-9a-f]{8}", r"/[^/]+-[0-9a-f]{64}-(?:cache|atime)"),
    # Of earlier versions, which had one folder for all processors and GPUs.
    Rule(Kind.PROGRAMS, "", r"[^/]+-[0-9a-f]{64}-(?:cache|atime)"),
)

_LEFTOVER = re.compile(rf"\..+\.[0-9a-f]{{8}}{re.escape(TEMPORARY_MARK)}[^/]*", re.DOTALL)


def find_thing(root: Path, file: Path, rules: tuple[Rule, ...]) -> Thing | None:
    """Return the thing that a file below `root` belongs to; None if the project writes no such file."""
    path = file.relative_to(root).as_posix()
    if _LEFTOVER.fullmatch(file.name):
        found = re.match(_RESULT, path) if rules is STORE_RULES else None
        return Thing(Kind.LEFTOVER, file, dataset=path.split("/")[0] if found else "")
    for rule in rules:
        if found := re.fullmatch(f"(?P<beginning>{rule.beginning})(?:{rule.endings})", path):
            return _thing(root, rule, found)
    return None


def find_listing_thing(root: Path, file: Path) -> Thing | None:
    """Return the folder of the store that contains a file if a manifest may list the file as part of that folder."""
    path = file.relative_to(root).as_posix()
    for rule in STORE_RULES:
        if rule.listed and (found := re.match(f"(?P<beginning>{rule.beginning})/", path)):
            return _thing(root, rule, found)
    return None


def _thing(root: Path, rule: Rule, found: re.Match[str]) -> Thing:
    named = {name: value or "" for name, value in found.groupdict().items() if name != "beginning"}
    fold = int(named.pop("fold", 0))
    return Thing(rule.kind, root / f"{found['beginning']}{rule.suffix}", **named, fold=fold)
