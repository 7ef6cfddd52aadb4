"""An experiment of one member that is quick to train, with enough epochs to be disturbed in."""

import yaml

from hbac_assets_tests.projects import Project

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


def with_small_experiment(project: Project) -> Project:
    """Return the project with this experiment as its own."""
    path = project.folder / "one_small.yaml"
    path.write_text(yaml.safe_dump(EXPERIMENT))
    settings = {"HBAC_EXPERIMENT": str(path), "HBAC_MINIATURE": "0"}
    return Project(project.folder, project.environment | settings)
