from pathlib import Path

import numpy as np
import pytest

from hbac_assets.learning.backbones import build_classifier
from hbac_assets.learning.batchnorm import batch_normalisations, compile_reestimation
from hbac_assets.learning.image_source import Images, as_images
from hbac_assets.learning.network import Network
from hbac_assets.learning.normalisation import LAYER, fit_normalisation
from hbac_assets.learning.settings import MemberSettings, Preprocessing
from hbac_assets.learning.training import train_cell
from hbac_assets_tests.learning.conftest import IMAGE_SIZE, easy_examples, pixels

SMALL = Preprocessing(image_size=IMAGE_SIZE)
ARRAY = pixels(easy_examples(24, seed=3))


@pytest.fixture(scope="module")
def images() -> Images:
    return as_images(ARRAY)


def with_changes(settings: MemberSettings, **changes: object) -> MemberSettings:
    return MemberSettings.model_validate(settings.model_dump() | changes)


def test_statistics_are_those_of_what_reaches_a_layer(settings: MemberSettings, images: Images) -> None:
    """Of the first one, which no other layer's batches enter, they are known exactly."""
    import keras

    model = build_classifier(with_changes(settings, dropout=0.0))
    network = Network(model)
    found = compile_reestimation(network)(network.weights(), network.non_trainable(), images, 8)
    backbone = next(layer for layer in model.layers if isinstance(layer, keras.Model))
    first = next(layer for layer in backbone.layers if isinstance(layer, keras.layers.BatchNormalization))
    before = keras.Model(backbone.input, first.input)
    pixels = np.repeat(ARRAY.astype(np.float32)[..., None], 3, axis=-1)
    entering = np.asarray(before(pixels))
    place = {id(variable): number for number, variable in enumerate(model.non_trainable_variables)}
    np.testing.assert_allclose(found[place[id(first.moving_mean)]], entering.mean(axis=(0, 1, 2)), atol=1e-5)
    np.testing.assert_allclose(found[place[id(first.moving_variance)]], entering.var(axis=(0, 1, 2)), rtol=1e-4)


@pytest.mark.parametrize("normalisation", ["per_image", "data_wide"])
def test_only_the_running_statistics_change(settings: MemberSettings, images: Images, normalisation: str) -> None:
    preprocessing = settings.preprocessing.model_dump() | {"normalisation": normalisation}
    model = build_classifier(with_changes(settings, preprocessing=preprocessing))
    fit_normalisation(model, images, 8)
    network = Network(model)
    before = [np.array(value) for value in network.non_trainable()]
    after = compile_reestimation(network)(network.weights(), before, images, 8)
    momenta = {layer.momentum for layer in batch_normalisations(model)}
    for variable, old, new in zip(model.non_trainable_variables, before, after, strict=True):
        running = variable.name in ("moving_mean", "moving_variance") and LAYER not in variable.path
        assert np.array_equal(old, new) != running, variable.path
    assert momenta == {settings.batchnorm_momentum}


def test_blocks_of_keras_cv_with_layers_they_do_not_use_have_statistics_too(images: Images) -> None:
    """A first block of EfficientNetV2 makes normalisations that no image ever reaches."""
    network = Network(build_classifier(MemberSettings(backbone="efficientnetv2_b0", preprocessing=SMALL)))
    found = compile_reestimation(network)(network.weights(), network.non_trainable(), images, 8)
    for variable, old, new in zip(network.model.non_trainable_variables, network.non_trainable(), found, strict=True):
        assert np.array_equal(old, new) != variable.name.startswith("moving_"), variable.path


def test_training_goes_the_same_way_and_validation_does_not(settings: MemberSettings, tmp_path: Path) -> None:
    training, validation = easy_examples(24, seed=0), easy_examples(16, seed=1)
    histories = [
        train_cell(
            with_changes(settings, epochs=2, batchnorm_statistics=statistics),
            training,
            validation,
            tmp_path / statistics,
            on_epoch=lambda record: None,
        ).history
        for statistics in ("running", "reestimated")
    ]
    for running, anew in zip(*histories, strict=True):
        assert running.loss == anew.loss
        assert running.val_loss != anew.val_loss
