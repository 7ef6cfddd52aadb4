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
