"""Predictions as the mean over variants of each image."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import keras
import numpy as np
import pytest
from pydantic import ValidationError

from hbac_assets.learning.backbones import build_classifier
from hbac_assets.learning.backend import weights_drawn_by_numpy
from hbac_assets.learning.image_source import Images, Streamed
from hbac_assets.learning.montage_augmentation import mirrored_images, shifted
from hbac_assets.learning.prediction import predict, predict_variants
from hbac_assets.learning.settings import MemberSettings
from hbac_assets.learning.test_time import Variant, mean_over_variants, variants
from hbac_assets_tests.learning.recordings import eeg_table, exchanged, images_of, spectrogram_table

IMAGES = np.random.default_rng(0).normal(size=(11, 48, 40)).astype(np.float16)
PREPROCESSING = {"input": "both", "image_size": (48, 40)}


def variants_of(settings: MemberSettings) -> Sequence[Variant]:
    return variants(settings.preprocessing, settings.test_time)


def member(**settings: Any) -> MemberSettings:
    return MemberSettings.model_validate({"backbone": "tiny", "preprocessing": PREPROCESSING, **settings})


@pytest.fixture(scope="module")
def model() -> keras.Model:
    return build_classifier(member())


def mean_prediction(model: keras.Model, images: np.ndarray, settings: MemberSettings) -> np.ndarray:
    return mean_over_variants(predict_variants(model, images, 4, variants_of(settings)))


def test_each_variant_is_the_prediction_of_its_images(model: keras.Model) -> None:
    settings = member(test_time={"flip": True, "shifts": [-2, 4]})
    found = predict_variants(model, IMAGES, 4, variants_of(settings))
    images = jnp.asarray(IMAGES)
    flipped = mirrored_images(images, settings.preprocessing.kind)
    by_hand = []
    for one in (images, flipped):
        moved = [shifted(one, jnp.full(11, seconds), settings.preprocessing) for seconds in (-2.0, 4.0)]
        by_hand += [predict(model, np.asarray(varied), 4) for varied in (one, *moved)]
    np.testing.assert_allclose(found, np.stack(by_hand, axis=1), atol=1e-6)
    np.testing.assert_array_equal(found[:, 0], predict(model, IMAGES, 4))
    assert predict_variants(model, IMAGES[:0], 4, variants_of(settings)).shape == (
        0,
        6,
        6,
    )


def test_without_the_setting_the_prediction_is_that_of_the_image(model: keras.Model) -> None:
    np.testing.assert_array_equal(mean_prediction(model, IMAGES, member()), predict(model, IMAGES, 4))


@pytest.mark.parametrize("kind", ["kaggle", "kaggle_eeg_50_10"])
def test_with_a_flip_it_does_not_matter_which_side_is_which(kind: str, tmp_path: Path) -> None:
    """Images of two recordings, the second with the electrodes of left and right exchanged."""
    preprocessing = {"input": kind, "image_size": (48, 40)}
    settings = member(preprocessing=preprocessing, test_time={"flip": True})
    eeg, spectrogram = eeg_table(), spectrogram_table()
    one = images_of(eeg, spectrogram, settings.preprocessing, tmp_path / "one")
    other = images_of(exchanged(eeg), exchanged(spectrogram), settings.preprocessing, tmp_path / "other")
    model = build_classifier(settings)
    predicted = [mean_prediction(model, images, settings) for images in (one, other)]
    alone = [predict(model, images, 4) for images in (one, other)]
    apart = np.abs(alone[0] - alone[1]).max()
    assert np.abs(predicted[0] - predicted[1]).max() < apart / 100


def test_variants_of_waveforms_are_predictions_of_what_they_become(tmp_path: Path) -> None:
    """By a network that tells left from right, of two recordings, the second with both sides exchanged."""
    variants_of_all = {"flip": True, "shifts": [-1, 1]}
    settings = member(backbone="bipolar_resnet", preprocessing={"input": "waveform"}, test_time=variants_of_all)
    preprocessing, eeg, spectrogram = settings.preprocessing, eeg_table(), spectrogram_table()
    one = images_of(eeg, spectrogram, preprocessing, tmp_path / "one")
    other = images_of(exchanged(eeg), exchanged(spectrogram), preprocessing, tmp_path / "other")
    with weights_drawn_by_numpy():
        layers = [keras.Input((18, 512)), keras.layers.Flatten(), keras.layers.Dense(6, activation="softmax")]
        model = keras.Sequential(layers)
    by_hand = []
    for images in (jnp.asarray(one), jnp.asarray(other)):
        moved = [shifted(images, jnp.full(2, seconds), preprocessing) for seconds in (-1.0, 1.0)]
        by_hand += [predict(model, np.asarray(varied), 4) for varied in (images, *moved)]
    found = predict_variants(model, one, 4, variants_of(settings))
    np.testing.assert_allclose(found, np.stack(by_hand, axis=1), atol=1e-5)
    assert np.abs(by_hand[0] - by_hand[3]).max() > 0.01
    means = [mean_prediction(model, images, settings) for images in (one, other)]
    np.testing.assert_allclose(means[0], means[1], atol=1e-5)


def test_no_row_reaches_the_prediction_of_another(model: keras.Model) -> None:
    settings = member(test_time={"flip": True, "shifts": [2]})
    whole = mean_prediction(model, IMAGES, settings)
    others = IMAGES[::-1].copy()
    others[5] = IMAGES[5]
    np.testing.assert_allclose(mean_prediction(model, others, settings)[5], whole[5], atol=1e-6)
    np.testing.assert_allclose(mean_prediction(model, IMAGES[5:6], settings)[0], whole[5], atol=1e-6)


def test_each_image_is_read_once_for_all_variants(model: keras.Model) -> None:
    read = Counter[int]()

    def reading(number: int) -> np.ndarray:
        read[number] += 1
        return np.asarray(IMAGES[number])

    images = Images(Streamed(reading), np.arange(11), (48, 40), "")
    settings = member(test_time={"flip": True, "shifts": [-2, 2]})
    found = predict_variants(model, images, 4, variants_of(settings))
    np.testing.assert_allclose(mean_over_variants(found), mean_prediction(model, IMAGES, settings), atol=1e-6)
    assert set(read) == set(range(11))
    assert max(read[number] for number in range(1, 11)) == 1  # the first fills the last batch up


def test_the_divergence_of_the_mean_is_no_higher_than_the_mean_of_divergences(model: keras.Model) -> None:
    each = predict_variants(model, IMAGES, 4, variants_of(member(test_time={"flip": True, "shifts": [-4, 4]})))
    mean = mean_over_variants(each)
    shares = np.random.default_rng(1).dirichlet(np.ones(6), 11)
    of_each = (shares[:, None] * np.log(shares[:, None] / each)).sum(axis=2).mean(axis=1)
    assert ((shares * np.log(shares / mean)).sum(axis=1) <= of_each + 1e-6).all()
    np.testing.assert_allclose(mean.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"test_time": {}}, "expected flip: true or shifts, found neither"),
        ({"test_time": {"shifts": [2, 2]}}, r"shifts: expected each once, found \[2.0, 2.0\]"),
        ({"test_time": {"shifts": [2, 0]}}, "expected shifts of 1.25 s, its resolution, to 20 s, .* found 0"),
        ({"test_time": {"shifts": [-21]}}, "to 20 s, .* input both shows, found -21"),
        (
            {"test_time": {"flip": True}, "preprocessing": {"image_size": [62, 48]}},
            "a number of frequencies that 4 divides",
        ),
        (
            {"test_time": {"shifts": [1]}, "preprocessing": {"input": "eeg_10"}},
            "expected no shift with input eeg_10, which shows 10 s: the label is of 10 s",
        ),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused(settings: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        member(**settings)
