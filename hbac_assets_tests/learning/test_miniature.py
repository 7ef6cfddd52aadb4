import pytest

from hbac_assets.learning.miniature import miniature
from hbac_assets.learning.settings import Augmentation, MemberSettings, MixUp, Preprocessing, Schedule


def test_it_shrinks_what_costs_time_and_keeps_the_recipe() -> None:
    settings = MemberSettings(
        backbone="efficientnetv2_b2",
        pretrained="imagenet",
        preprocessing=Preprocessing(window=200, clip=(-6, 10)),
        augmentation=Augmentation(mixup=MixUp(alpha=0.4)),
        batch_size=64,
        epochs=50,
        schedule=Schedule(peak=3e-3),
        dropout=0.3,
        scored_epoch="best",
    )
    small = miniature(settings)
    assert small.epochs == 2
    assert small.pretrained == "none"
    assert small.preprocessing.image_size == (64, 48)
    assert small.batch_size == 8
    assert small.schedule.warmup_epochs == 1
    kept = {"backbone", "augmentation", "target", "dropout", "scored_epoch", "seed", "batchnorm_momentum"}
    assert small.model_dump(include=kept) == settings.model_dump(include=kept)
    assert small.preprocessing.window == 200
    assert MemberSettings.model_validate(small.model_dump()) == small


def test_stages_stay_and_are_short() -> None:
    stages = [{"epochs": 16}, {"epochs": 8, "min_votes": 10, "sample_weight": "log_votes", "schedule": {"peak": 1e-4}}]
    settings = MemberSettings.model_validate({"backbone": "mobilenet_v3_small", "stages": stages})
    small = miniature(settings)
    assert small.total_epochs == 4
    first, second = small.stages
    assert (first.min_votes, second.min_votes, second.sample_weight) == (1, 2, "log_votes")
    assert second.schedule is not None
    assert (second.schedule.peak, second.schedule.warmup_epochs) == (1e-4, 1)


@pytest.mark.parametrize(("kind", "height"), [("kaggle", 64), ("eeg_50_10", 64), ("kaggle_eeg_50_10", 60)])
def test_every_chain_of_every_view_has_lines_of_its_own(kind: str, height: int) -> None:
    settings = {
        "backbone": "mobilenet_v3_small",
        "preprocessing": {"input": kind, "image_size": [96, 300]},
        "augmentation": {"hemisphere_flip": {}},
    }
    small = miniature(MemberSettings.model_validate(settings))
    assert small.preprocessing.image_size == (height, 48)
    assert MemberSettings.model_validate(small.model_dump()) == small
