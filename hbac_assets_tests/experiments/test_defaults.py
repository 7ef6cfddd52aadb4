"""The defaults behind fingerprints, which contain only settings that differ from them: none may change unnoticed."""

from collections.abc import Iterator
from typing import Any, Literal, get_args

import pytest
from pydantic_core import PydanticUndefined, to_jsonable_python

from hbac_assets.experiments.ensembles import Ensemble
from hbac_assets.experiments.schema import ROWS, Experiment
from hbac_assets.learning.search.settings import Search
from hbac_assets.learning.settings import PREDICTION_ONLY, Augmentation, MemberSettings
from hbac_assets.lineage import CODE_VERSIONS
from hbac_assets.settings import Settings
from hbac_assets.signals.eeg_arrays import Recipe

# What each version of a stage's code takes for granted. A new setting is added to the line of its class; with another
# default, the stage's number in `lineage.CODE_VERSIONS` is raised, here and there.
DEFAULTS: dict[tuple[str, str], dict[str, dict[str, Any]]] = {
    ("trained_models", "2"): {
        "MemberSettings": {
            "kernel": None, "pretrained": "none", "preprocessing": {"input": "kaggle"}, "augmentation": {},
            "target": "votes", "rebalancing": False, "batch_size": 32, "epochs": 13, "schedule": {"kind": "cosine"},
            "stages": [], "optimizer": {}, "early_stopping": None, "ema_decay": None, "dropout": 0.0,
            "batchnorm_momentum": None, "batchnorm_statistics": "running", "seed": 42,
        },
        "Preprocessing": {
            "input": "kaggle", "eeg": None, "waveform": None, "window": 300, "image_size": [400, 300],
            "clip": [-4.0, 8.0], "normalisation": "per_image",
        },
        "Augmentation": {
            "hemisphere_flip": None, "time_shift": None, "mixup": None, "translation": None, "frequency_mask": None,
            "time_mask": None, "cutout": None, "channel_dropout": None,
        },
        "HemisphereFlip": {"probability": 0.5},
        "TimeShift": {"probability": 0.5, "seconds": 2.0},
        "ChannelDropout": {"probability": 0.5},
        "MixUp": {"probability": 0.5, "alpha": 2.0},
        "Translation": {"probability": 0.5, "size": [0.1, 0.1]},
        "Mask": {"probability": 0.5, "size": [0.06, 0.1]},
        "Cutout": {"probability": 0.5, "size": [0.1, 0.25], "rectangles": 1},
        "Schedule": {
            "kind": "cosine", "start": 5e-05, "peak": 0.001, "floor": 1e-05, "decay": 0.8, "warmup_epochs": 3
        },
        "Stage": {"epochs": None, "schedule": None, "min_votes": 1, "draw": "all", "sample_weight": "none"},
        "Optimizer": {"beta_1": 0.9, "beta_2": 0.999, "weight_decay": 0.0},
    },
    ("oof_predictions", "3"): {
        "MemberSettings": {"scored_epoch": "last", "test_time": None}, "Variants": {"flip": False, "shifts": []}
    },
    ("submission", "3"): {
        "MemberSettings": {"scored_epoch": "last", "test_time": None}, "Variants": {"flip": False, "shifts": []}
    },
    ("eeg_spectrograms", "2"): {
        "EegRecipe": {
            "seconds": 50, "transform": "mel", "segment_length": 128, "overlap": 89, "fft_length": 1024,
            "frequencies": [0.0, 20.0], "size": [128, 256], "denoising": None,
        },
        "WaveformRecipe": {"rate": 40, "seconds": 12.8, "band": [0.5, 40.0], "clip": 1024.0},
    },
    ("fold_assignments", "3"): {
        "Experiment": {"sampling": "first_per_spectrogram", "max_rows": None, "folds": 5, "fold_seed": 42},
    },
    ("hyperparameter_search", "1"): {
        "Search": {
            "folds": 2, "epochs": 2, "batches": 3, "trials": 20, "narrowing": 0.5, "ranges": {}, "seed": 42
        },
        "Ranges": {
            "clip_low": [-8.0, -2.0], "clip_high": [4.0, 12.0], "peak": [0.0001, 0.01], "beta_1": [0.8, 0.98],
            "beta_2": [0.95, 0.9999], "weight_decay": [1e-06, 0.1], "dropout": [0.0, 0.5],
            "schedule": ["cosine", "exponential", "constant"], "normalisation": ["per_image", "data_wide"],
        },
    },
    ("ensemble", "4"): {"Ensemble": {"method": "best", "calibration": "none", "patient_context": False}},
}  # fmt: skip


def parts(annotation: Any) -> Iterator[type[Settings]]:
    """Yield the sets of settings that a value can hold."""
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        yield annotation
        annotations = [field.annotation for field in annotation.model_fields.values()]
    else:
        annotations = list(get_args(annotation))
    for inner in annotations:
        yield from parts(inner)


def defaults(settings: type[Settings]) -> dict[str, Any]:
    """Return the JSON form of each default."""
    fields = {name: field.default for name, field in settings.model_fields.items()}
    return {
        name: default.non_defaults() if isinstance(default, Settings) else to_jsonable_python(default)
        for name, default in fields.items()
        if default is not PydanticUndefined
    }


def prediction_only_parts() -> set[type[Settings]]:
    return {part for name in PREDICTION_ONLY for part in parts(MemberSettings.model_fields[name].annotation)}


def taken_for_granted(stage: str) -> dict[str, dict[str, Any]]:
    """Return the defaults that the stage's results count on, by class."""
    if stage in ("oof_predictions", "submission"):
        of_members = {"MemberSettings": {name: defaults(MemberSettings)[name] for name in PREDICTION_ONLY}}
        return of_members | {part.__name__: defaults(part) for part in prediction_only_parts()}
    if stage == "fold_assignments":
        return {"Experiment": {name: defaults(Experiment)[name] for name in ROWS}}
    root = {
        "trained_models": MemberSettings,
        "eeg_spectrograms": Recipe,
        "hyperparameter_search": Search,
        "ensemble": Ensemble,
    }[stage]
    recipes = get_args(Recipe)
    found = {part.__name__: defaults(part) for part in parts(root) if root is Recipe or part not in recipes}
    if stage == "trained_models":
        for name in PREDICTION_ONLY:
            del found["MemberSettings"][name]
        for part in prediction_only_parts():
            del found[part.__name__]
    return found


@pytest.mark.parametrize(("stage", "version"), DEFAULTS, ids=lambda value: value)
def test_a_default_changes_only_with_the_version_of_the_code(stage: str, version: str) -> None:
    assert CODE_VERSIONS[stage] == version, f"write down the defaults of {stage} {CODE_VERSIONS[stage]}"
    assert taken_for_granted(stage) == DEFAULTS[stage, version], f"raise CODE_VERSIONS[{stage!r}] if a default changed"


def every_part() -> list[type[Settings]]:
    return sorted({*parts(Experiment)}, key=lambda part: part.__name__)


@pytest.mark.parametrize("part", every_part(), ids=lambda part: part.__name__)
def test_a_default_is_a_value(part: type[Settings]) -> None:
    """Only such can be told from what differs."""
    assert not [name for name, field in part.model_fields.items() if field.default_factory]


def test_settings_at_their_defaults_do_not_count() -> None:
    spelt_out = {
        "backbone": "mobilenet_v3_small", "preprocessing": {"window": 300}, "augmentation": {"mixup": None},
        "schedule": {"kind": "cosine"}, "optimizer": {}, "epochs": 13,
    }  # fmt: skip
    assert MemberSettings.model_validate(spelt_out).non_defaults() == {
        "backbone": "mobilenet_v3_small",
        "preprocessing": {"input": "kaggle"},
    }


@pytest.mark.parametrize("augmentation", Augmentation.model_fields)
def test_an_absent_setting_differs_from_one_with_all_defaults(augmentation: str) -> None:
    backbone = {"backbone": "mobilenet_v3_small"}
    absent = MemberSettings.model_validate(backbone | {"augmentation": {augmentation: None}})
    present = MemberSettings.model_validate(backbone | {"augmentation": {augmentation: {}}})
    assert present.non_defaults() == absent.non_defaults() | {"augmentation": {augmentation: {}}}


def test_the_kind_counts_at_its_default_too() -> None:
    settings = {"backbone": "mobilenet_v3_small", "preprocessing": {"window": 200}, "schedule": {"peak": 0.1}}
    counted = MemberSettings.model_validate(settings).non_defaults()
    assert counted["preprocessing"] == {"input": "kaggle", "window": 200}
    assert counted["schedule"] == {"kind": "cosine", "peak": 0.1}
    eeg = {"input": "eeg", "eeg": {"transform": "mel"}}
    assert MemberSettings(backbone="mobilenet_v3_small", preprocessing=eeg).non_defaults()["preprocessing"] == eeg


def test_members_of_a_union_differ_by_their_tags() -> None:
    class One(Settings):
        kind: Literal["one"] = "one"

    class Other(Settings):
        kind: Literal["other"] = "other"

    class Holder(Settings):
        held: One | Other | None = None

    counted = [Holder(held=held).non_defaults() for held in (None, One(), Other())]
    assert counted == [{}, {"held": {"kind": "one"}}, {"held": {"kind": "other"}}]
