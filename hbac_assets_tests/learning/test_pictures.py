from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread

from hbac_assets.learning.pictures import loss_curves, network_input
from hbac_assets.learning.settings import Preprocessing

HISTORY = pd.DataFrame(
    {
        "epoch": range(1, 7),
        "loss": [1.2, 0.9, 0.7, 0.6, 0.5, 0.45],
        "val_loss": [1.1, 0.95, 0.8, 0.75, 0.78, 0.8],
        "learning_rate": [3e-4, 7e-4, 1e-3, 7e-4, 3e-4, 1e-5],
        "stage": 1,
    }
)


def test_the_picture_is_a_png_that_shows_the_history() -> None:
    picture = imread(BytesIO(loss_curves(HISTORY, 6, 4, "mobilenet, fold 0")))
    assert picture.shape[0] > 400
    assert picture.shape[1] > 600
    flat = loss_curves(HISTORY.assign(val_loss=0.9), 6, 1, "mobilenet, fold 0")
    assert (imread(BytesIO(flat)) != picture).any()


def test_the_scored_epoch_is_marked_beside_the_lowest() -> None:
    last, fourth = (imread(BytesIO(loss_curves(HISTORY, epoch, 4, "one"))) for epoch in (6, 4))
    upper = slice(0, len(last) * 2 // 3)
    assert (last[upper] != fourth[upper]).any()  # the fourth is the lowest, too


@pytest.mark.parametrize("kind", ["kaggle", "both", "waveform"])
def test_an_input_is_drawn_for_every_kind(kind: str) -> None:
    preprocessing = Preprocessing(input=kind)
    random = np.random.default_rng(0).normal(size=preprocessing.kind.shape(preprocessing)).astype(np.float16)
    drawn, other = (imread(BytesIO(network_input(array, preprocessing, "one"))) for array in (random, random[::-1]))
    assert drawn.shape == other.shape
    assert (drawn != other).any()


def mark(begun: int) -> float:
    """The column of pixels in which a second stage is marked that begins with an epoch."""
    one, two = (
        imread(BytesIO(loss_curves(HISTORY.assign(stage=stage), 6, 4, "mobilenet, fold 0")))
        for stage in (1, np.where(HISTORY["epoch"] < begun, 1, 2))
    )
    changed = (one != two).any(axis=2).sum(axis=0)
    return float(np.flatnonzero(changed > len(one) / 2).mean())  # a line from bottom to top


def test_a_stage_is_marked_between_its_first_epoch_and_the_one_before() -> None:
    marks = np.array([mark(begun) for begun in (2, 4, 6)])
    np.testing.assert_allclose(np.diff(marks), (marks[2] - marks[0]) / 2, atol=1.5)
    assert marks[2] - marks[0] > 300


def test_a_single_epoch_can_be_drawn() -> None:
    assert loss_curves(HISTORY[:1], 1, 1, "one").startswith(b"\x89PNG")
