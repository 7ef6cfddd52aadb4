from pathlib import Path

import keras
import numpy as np
import pytest

from hbac_assets.errors import HbacError
from hbac_assets.learning import prediction
from hbac_assets.learning.backbones import build_classifier
from hbac_assets.learning.prediction import load_model, predict
from hbac_assets.learning.settings import MemberSettings

IMAGES = np.random.default_rng(0).normal(size=(11, 32, 32)).astype(np.float16)


@pytest.fixture(scope="module")
def model(settings: MemberSettings) -> keras.Model:
    return build_classifier(settings)


def test_probabilities_do_not_depend_on_the_batches(model: keras.Model) -> None:
    probabilities = predict(model, IMAGES, batch_size=4)
    assert probabilities.shape == (11, 6)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(predict(model, IMAGES[:5], batch_size=4), probabilities[:5], atol=1e-6)
    assert predict(model, IMAGES[:0], batch_size=4).shape == (0, 6)


def test_they_are_those_of_the_keras_model(model: keras.Model) -> None:
    inputs = np.stack([IMAGES.astype(np.float32)] * 3, axis=-1)
    np.testing.assert_allclose(predict(model, IMAGES, 4), model(inputs, training=False), atol=1e-5)


def test_a_file_gives_back_the_model(model: keras.Model, tmp_path: Path) -> None:
    model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(predict(loaded, IMAGES, 4), predict(model, IMAGES, 4))


def test_models_of_one_member_share_one_program(settings: MemberSettings, tmp_path: Path) -> None:
    prediction._shared_forward.cache_clear()
    found = []
    for seed in (1, 2):
        build_classifier(settings.model_copy(update={"seed": seed})).save(tmp_path / "model.keras")
        found.append(predict(load_model(tmp_path / "model.keras"), IMAGES, 4))
    assert prediction._shared_forward.cache_info().misses == 1
    assert not np.allclose(found[0], found[1])


def test_images_of_another_size_are_refused(model: keras.Model) -> None:
    with pytest.raises(HbacError, match=r"images: expected \(32, 32\) pixels .* found \(32, 31\)"):
        predict(model, IMAGES[:, :, 1:], 4)


def test_broken_files_are_named(tmp_path: Path, model: keras.Model) -> None:
    path = tmp_path / "model.keras"
    with pytest.raises(HbacError, match=r"model\.keras: missing"):
        load_model(path)
    model.save(path)
    path.write_bytes(path.read_bytes()[:10_000])
    with pytest.raises(HbacError, match=r"model\.keras: not a whole Keras model"):
        load_model(path)
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]).save(path)
    with pytest.raises(HbacError, match=r"model\.keras: expected a model with 6 outputs, found \(None, 2\)"):
        load_model(path)


def test_code_in_a_model_file_is_not_run(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    keras.Sequential([keras.Input((6,)), keras.layers.Lambda(lambda x: x)]).save(path)
    with pytest.raises(HbacError, match=r"model\.keras: not a whole Keras model"):
        load_model(path)
