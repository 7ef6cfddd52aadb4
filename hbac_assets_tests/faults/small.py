"""An experiment of one member that is quick to train, with enough epochs to be disturbed in, and projects for it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from hbac_assets_tests.projects import Project, make_project

NAME = "one_small"
EPOCHS = 10
FOLDS = 2
MEMBER = {
    "backbone": "mobilenet_v3_small",
    "preprocessing": {"image_size": [64, 48]},
    "augmentation": {"mixup": {}, "time_mask": {}},
    "batch_size": 8,
    "epochs": EPOCHS,
    "schedule": {"peak": 4.0e-3},
    "dropout": 0.2,
    "batchnorm_momentum": 0.9,
    "scored_epoch": "best",
}
EXPERIMENT = {
    "description": "One small network; everything that is drawn at random in a training is in it.",
    "folds": FOLDS,
    "max_rows": 48,
    "members": {"small": MEMBER},
}
FIRST_STAGE = 6
STAGES = [
    {"epochs": FIRST_STAGE, "draw": "one_per_eeg"},
    {"epochs": EPOCHS - FIRST_STAGE, "min_votes": 3, "sample_weight": "log_votes", "schedule": {"peak": 1.0e-3}},
]
IN_STAGES = {
    "description": "The same network in two stages, with averaged weights.",
    "sampling": "all",
    "folds": FOLDS,
    "max_rows": 72,
    "members": {"small": {**MEMBER, "stages": STAGES, "ema_decay": 0.9}},
}


def small_project(
    folder: Path, beside: Path | None = None, experiment: Mapping[str, Any] = EXPERIMENT, **environment: str
) -> Project:
    """Return a project with this experiment, in which nothing is made yet.

    Args:
        folder: where all lies that has no other place.
        beside: the folder of the store, the data and the compiled programs, if it is another one.
        experiment: what its file holds.
        environment: more variables.
    """
    beside = beside or folder
    file = folder / f"{NAME}.yaml"
    settings = {"HBAC_STORE": str(beside / "store"), "HBAC_EXPERIMENT": str(file), "HBAC_MINIATURE": "0"}
    project = make_project(folder, **settings, **environment)
    file.write_text(yaml.safe_dump(dict(experiment)))
    return Project(beside, project.environment)


def staged_project(folder: Path) -> Project:
    """Return a project whose member trains in stages, in which nothing is made yet."""
    return small_project(folder, experiment=IN_STAGES)
