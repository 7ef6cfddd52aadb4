"""In the tests an array of another shape or type than annotated is an error, and so is a warning."""

import random
import warnings

import numpy as np
import pytest
from jaxtyping import TypeCheckError

from hbac_assets.learning import backend
from hbac_assets.learning.convolutions.taps import same_padding
from hbac_assets.learning.image_source import open_images
from hbac_assets.learning.images import to_channels
from hbac_assets.learning.training import Examples
from hbac_assets.signals.images import standardised
from hbac_assets.signals.montage import bipolar

IMAGES, TARGETS = np.zeros((3, 4, 5), np.float16), np.full((3, 6), 1 / 6, np.float32)


@pytest.mark.parametrize(
    ("call", "right", "wrong"),
    [
        (lambda eeg: bipolar(eeg, "LL"), np.zeros((9, 19)), np.zeros((2, 9, 19))),
        (standardised, np.zeros((4, 5)), np.zeros((4, 5), int)),
        (to_channels, IMAGES, IMAGES[..., None]),
        (lambda targets: Examples(IMAGES, targets), TARGETS, TARGETS[:2]),
        (lambda images: Examples(images, TARGETS), IMAGES, IMAGES.astype(np.float32)),
    ],
    ids=["axes", "type", "traced", "rows of two arrays", "precision"],
)
def test_an_array_that_an_annotation_does_not_allow_is_refused(call, right, wrong) -> None:
    call(right)
    with pytest.raises(TypeCheckError):
        call(wrong)


def test_a_warning_is_an_error() -> None:
    with pytest.raises(DeprecationWarning, match="old"):
        warnings.warn("old", DeprecationWarning, stacklevel=1)


def test_the_checks_draw_no_random_numbers() -> None:
    """Keras draws the seeds of a model's weights from the same generator."""
    random.seed(0)
    before = random.getstate()
    same_padding(9, 3, 2)
    open_images(lambda number: IMAGES[number], 3, (4, 5))
    backend._uniform((2, 3), seed=1)
    assert random.getstate() == before
