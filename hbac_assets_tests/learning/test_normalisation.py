from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from hbac_assets.learning import prediction
from hbac_assets.learning.backbones import build_classifier, parameter_counts
from hbac_assets.learning.image_source import as_images
from hbac_assets.learning.normalisation import LAYER, fit_normalisation, mean_and_variance
from hbac_assets.learning.prediction import load_model, predict
from hbac_assets.learning.settings import MemberSettings
from hbac_assets.learning.training import Examples, TrainingResult, train_cell
from hbac_assets.signals.images import standardised
from hbac_assets_tests.learning.conftest import easy_examples, pixels


def logarithms(rows: int, seed: int) -> Examples:
    """Faint and strong examples, whose pixels stay exact in half precision when two is added."""
    examples = easy_examples(rows, seed)
    strength = np.random.default_rng(seed).choice([0.5, 1, 2], (rows, 1, 1))
    return replace(examples, images=(np.round(pixels(examples) * strength * 64) / 64).astype(np.float16))


TRAINING, VALIDATION = logarithms(60, seed=0), logarithms(20, seed=1)


@pytest.fixture(scope="module")
def data_wide(settings: MemberSettings) -> MemberSettings:
    preprocessing = settings.preprocessing.model_copy(update={"normalisation": "data_wide"})
    return settings.model_copy(update={"preprocessing": preprocessing, "epochs": 2})


def train(settings: MemberSettings, folder: Path, added: float = 0.0) -> TrainingResult:
    training, validation = (replace(part, images=pixels(part) + np.float16(added)) for part in (TRAINING, VALIDATION))
    return train_cell(settings, training, validation, folder, on_epoch=lambda record: None)


@pytest.fixture(scope="module")
def trained(data_wide: MemberSettings, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, TrainingResult]:
    folder = tmp_path_factory.mktemp("data_wide")
    return folder, train(data_wide, folder)


def by_hand(model: keras.Model, images: np.ndarray, mean: float, deviation: float) -> np.ndarray:
    """Return the probabilities by all layers but the first, on images standardised here."""
    inputs = np.stack([(images.astype(np.float32) - mean) / deviation] * 3, axis=-1)
    return np.asarray(keras.Sequential(model.layers[1:])(inputs, training=False))


def test_standardised_by_hand() -> None:
    expected = np.array([[-3, -1], [1, 3]]) / (np.sqrt(5) + 1e-6)
    np.testing.assert_allclose(standardised(np.array([[0, 2], [4, 6]], dtype=np.float32)), expected, rtol=1e-6)
    of_one_value = np.full((400, 300), np.log(np.float32(3)))
    np.testing.assert_array_equal(standardised(of_one_value), 0)


def test_mean_and_variance_are_over_all_pixels() -> None:
    images = (np.random.default_rng(0).normal(size=(5, 7, 9)) + np.arange(5)[:, None, None]).astype(np.float16)
    values = images.astype(np.float64)
    assert mean_and_variance(as_images(images), 4) == pytest.approx((values.mean(), values.var()), rel=1e-12)


def test_it_adds_six_parameters_that_are_not_trained(settings: MemberSettings, data_wide: MemberSettings) -> None:
    one, other = (parameter_counts(build_classifier(member)) for member in (settings, data_wide))
    assert other == replace(one, total=one.total + 6, non_trainable=one.non_trainable + 6)


def test_the_file_alone_standardises_by_the_training_images(trained: tuple[Path, TrainingResult]) -> None:
    values = pixels(TRAINING).astype(np.float64)
    for name in ("best.keras", "last.keras"):
        model = load_model(trained[0] / name)
        layer = model.get_layer(LAYER)
        np.testing.assert_allclose(layer.moving_mean, values.mean(), rtol=1e-6)
        np.testing.assert_allclose(layer.moving_variance, values.var(), rtol=1e-6)
        expected = by_hand(model, pixels(VALIDATION), values.mean(), values.std())
        np.testing.assert_allclose(predict(model, VALIDATION.images, 8), expected, atol=1e-5)


def test_it_trains_other_weights_than_per_image(
    trained: tuple[Path, TrainingResult], settings: MemberSettings, tmp_path: Path
) -> None:
    training, validation = (
        replace(part, images=np.stack([standardised(image) for image in pixels(part)]).astype(np.float16))
        for part in (TRAINING, VALIDATION)
    )
    short = settings.model_copy(update={"epochs": 1})
    per_image = train_cell(short, training, validation, tmp_path, on_epoch=lambda record: None)
    assert per_image.history[0].val_loss != pytest.approx(trained[1].history[0].val_loss, rel=1e-3)


def test_hidden_pixels_have_the_mean_of_the_training_images(
    trained: tuple[Path, TrainingResult], data_wide: MemberSettings, tmp_path: Path
) -> None:
    """Otherwise it would matter where the pixels' zero lies."""
    shifted = train(data_wide, tmp_path, added=2.0)
    losses = [record.loss for record in trained[1].history]
    assert [record.loss for record in shifted.history] == pytest.approx(losses, rel=1e-3)


def test_models_of_different_folds_share_one_program_and_keep_their_numbers(
    data_wide: MemberSettings, tmp_path: Path
) -> None:
    prediction._shared_forward.cache_clear()
    for added in (0.0, 2.0):
        model = build_classifier(data_wide)
        fit_normalisation(model, as_images(pixels(TRAINING) + added), 8)
        model.save(tmp_path / "model.keras")
        values = pixels(TRAINING).astype(np.float64) + added
        loaded = load_model(tmp_path / "model.keras")
        expected = by_hand(loaded, pixels(VALIDATION), values.mean(), values.std())
        np.testing.assert_allclose(predict(loaded, VALIDATION.images, 8), expected, atol=1e-5)
    assert prediction._shared_forward.cache_info().misses == 1
