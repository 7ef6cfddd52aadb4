"""Pictures are PNG files that show their data; only eyes can judge their clarity."""

import io

import numpy as np
import pandas as pd
from PIL import Image

from hbac_assets.scoring.classes import soft_confusion
from hbac_assets.scoring.pictures import blend_weights, grouped_scores, vote_confusion

SCORES = pd.DataFrame(
    {"model": ["one", "two", "prior"], "mean": [0.5, 0.6, 0.9], "low": [0.4, 0.5, np.nan], "high": [0.6, 0.7, np.nan]}
)


def pixels(picture: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture), formats=["PNG"]).convert("RGB"))


def differ(one: bytes, other: bytes) -> bool:
    left, right = pixels(one), pixels(other)
    return left.shape != right.shape or bool((left != right).any())


def test_groups_of_scores() -> None:
    both = pd.concat([SCORES.assign(by="first"), SCORES.assign(by="second")])

    def drawn(scores: pd.DataFrame) -> bytes:
        return grouped_scores(scores, "by", "model", "two groups")

    assert differ(drawn(both), drawn(both.assign(by=["first"] * 4 + ["second"] * 2)))
    assert differ(drawn(both), drawn(both.assign(chosen=[True, False, True] * 2)))
    assert len(pixels(drawn(both))) > len(pixels(drawn(both.assign(mean=[0.5, np.nan, 0.9] * 2))))


def test_confusion_and_weights() -> None:
    random = np.random.default_rng(0)
    mean = random.dirichlet(np.ones(6), 6)
    assert differ(vote_confusion(mean, "one"), vote_confusion(np.eye(6), "one"))
    assert differ(vote_confusion(mean, "one"), vote_confusion(mean, "two"))
    weights = pd.DataFrame({"member": ["one", "two"], "weight": [0.7, 0.3]})
    assert differ(blend_weights(weights), blend_weights(weights.assign(weight=[0.3, 0.7])))


def test_confusion_without_votes_for_a_class_is_silent(recwarn) -> None:
    vote_confusion(soft_confusion(np.eye(6)[[0, 0, 1]], np.full((3, 6), 1 / 6)), "one")
    assert not recwarn.list
