"""One device setup and one compilation cache for all tests of this folder, and a tiny cell to train."""

from pathlib import Path

import numpy as np
import pytest

from hbac_assets.learning.device import configure
from hbac_assets.learning.published_backbones import BACKBONES, BackboneSpec
from hbac_assets.learning.settings import (
    Augmentation,
    Cutout,
    Mask,
    MemberSettings,
    MixUp,
    Preprocessing,
    Schedule,
    Translation,
)
from hbac_assets.learning.training import Examples
from hbac_assets_tests.projects import CHECKOUT

IMAGE_SIZE = (32, 32)

TINY = BackboneSpec(
    "MobileNetV3Backbone",
    {
        "stackwise_expansion": [1, 3],
        "stackwise_filters": [16, 24],
        "stackwise_kernel_size": [3, 5],
        "stackwise_stride": [2, 1],
        "stackwise_se_ratio": [0.25, None],
        "stackwise_activation": ["relu", "hard_swish"],
    },
)
"""Two blocks of MobileNetV3: compiled in seconds."""


def add_tiny_backbone() -> None:
    BACKBONES["tiny"] = TINY


@pytest.fixture(scope="session")
def compilation_cache() -> Path:
    """Programs compiled by earlier runs of these tests are found again."""
    return CHECKOUT / "data" / "cache" / "compiled_by_tests"


@pytest.fixture(scope="session", autouse=True)
def device(compilation_cache: Path) -> None:
    configure("cpu", "float32", compilation_cache)
    add_tiny_backbone()


@pytest.fixture(scope="session")
def settings() -> MemberSettings:
    """A member that uses everything: all augmentations, dropout, a changed momentum."""
    return MemberSettings(
        backbone="tiny",
        preprocessing=Preprocessing(window=32, image_size=IMAGE_SIZE),
        augmentation=Augmentation(
            mixup=MixUp(),
            translation=Translation(size=(0.0, 0.1)),  # along the frequencies lies what tells the classes apart
            frequency_mask=Mask(),
            time_mask=Mask(),
            cutout=Cutout(),
        ),
        batch_size=8,
        epochs=3,
        schedule=Schedule(warmup_epochs=1),
        dropout=0.1,
        batchnorm_momentum=0.9,
    )


def easy_examples(rows: int, seed: int) -> Examples:
    """Images in which the class is the position of a bright band, and nearly certain targets."""
    rng = np.random.default_rng(seed)
    classes = rng.integers(6, size=rows)
    images = rng.normal(size=(rows, *IMAGE_SIZE))
    for image, band in zip(images, classes, strict=True):
        image[5 * band : 5 * band + 5] += 3
    targets = np.full((rows, 6), 0.02) + 0.88 * np.eye(6)[classes]
    return Examples(images.astype(np.float16), targets.astype(np.float32))


def pixels(examples: Examples) -> np.ndarray:
    """The images of `examples` that are given as an array."""
    assert isinstance(examples.images, np.ndarray)
    return examples.images
