"""An experiment of one member that is quick to train, with enough epochs to be disturbed in, and projects for it."""

from pathlib import Path

import yaml

from hbac_assets_tests.projects import Project, make_project

NAME = "one_small"
EPOCHS = 10
FOLDS = 2
EXPERIMENT = {
    "description": "One small network; everything that is drawn at random in a training is in it.",
    "folds": FOLDS,
    "max_rows": 48,
    "members": {
        "small": {
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
    },
}


def small_project(folder: Path, beside: Path | None = None, **environment: str) -> Project:
    """Return a project with this experiment, in which nothing is made yet.

    Args:
        folder: where all lies that has no other place.
        beside: the folder of the store, the data and the compiled programs, if it is another one.
        environment: more variables.
    """
    beside = beside or folder
    experiment = folder / f"{NAME}.yaml"
    settings = {"HBAC_STORE": str(beside / "store"), "HBAC_EXPERIMENT": str(experiment), "HBAC_MINIATURE": "0"}
    project = make_project(folder, **settings, **environment)
    experiment.write_text(yaml.safe_dump(EXPERIMENT))
    return Project(beside, project.environment)
