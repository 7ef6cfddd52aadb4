from contextlib import contextmanager, nullcontext
from unittest.mock import patch

import jax
import keras
import numpy as np
import pytest
from keras.src.backend.common import dtypes

from hbac_assets.learning.backbones import build_classifier
from hbac_assets.learning.convolutions.replacing import fast_convolutions
from hbac_assets.learning.published_backbones import BACKBONES
from hbac_assets.learning.settings import MemberSettings, Preprocessing

# In single precision Keras' own gradients of these are further from the exact ones than a hundred thousandth.
INEXACT = ("efficientnet_b0", "efficientnet_b1", "mobilenet_v3_large")


@contextmanager
def precision_of(name):
    """Let Keras and JAX compute everything in `float32` or `float64` within the block."""
    usual = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    keras.config.set_floatx(name)
    jax.config.update("jax_enable_x64", name == "float64")
    try:
        with patch.dict(dtypes.BIT64_TO_BIT32_DTYPE, float64=name):  # on JAX, Keras' layers else fall back to float32
            yield
    finally:
        jax.config.update("jax_enable_x64", False)
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy(usual)


def training_step(backbone, precision, forms, weights=None):
    """Return the model, the probabilities and the gradients of a training step in `precision`."""
    with precision_of(precision):
        images_or_waveforms = "waveform" if BACKBONES[backbone].dimensions == 1 else "kaggle"
        preprocessing = Preprocessing(input=images_or_waveforms, image_size=(64, 128))
        model = build_classifier(MemberSettings(backbone=backbone, preprocessing=preprocessing))
        if weights is not None:
            model.set_weights([array.astype(precision) for array in weights])
        random = np.random.default_rng(0)
        images = random.normal(size=(16, *model.input_shape[1:])).astype(precision)
        votes = random.dirichlet(np.ones(6), 16).astype(precision)
        others = [variable.value for variable in model.non_trainable_variables]

        def loss_of(weights):
            probabilities, _ = model.stateless_call(weights, others, images, training=True)
            return keras.losses.KLDivergence()(votes, probabilities), probabilities

        step = jax.jit(jax.value_and_grad(loss_of, has_aux=True))
        with forms(model):
            (_, probabilities), gradients = step([variable.value for variable in model.trainable_variables])
        return model, np.asarray(probabilities), [np.asarray(gradient) for gradient in gradients]


def distance(gradients, others):
    """Return the largest difference, relative to the largest entry of each gradient where that is above 1."""
    return max(
        float(abs(one - other).max()) / max(1, float(abs(other).max()))
        for one, other in zip(gradients, others, strict=True)
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "backbone", ["tiny", *(pytest.param(name, marks=pytest.mark.long) for name in BACKBONES if name != "tiny")]
)
def test_a_training_step_of_every_backbone_is_the_same_within_a_hundred_thousandth(backbone) -> None:
    model, plain, plain_gradients = training_step(backbone, "float32", nullcontext)
    weights = model.get_weights()
    _, exact, exact_gradients = training_step(backbone, "float64", nullcontext, weights)
    assert exact_gradients[0].dtype == np.float64
    _, found, gradients = training_step(backbone, "float64", fast_convolutions, weights)
    np.testing.assert_allclose(found, exact, atol=1e-5)
    assert distance(gradients, exact_gradients) < 1e-5

    _, found, gradients = training_step(backbone, "float32", fast_convolutions, weights)
    np.testing.assert_allclose(found, plain, atol=1e-5)
    if backbone in INEXACT:
        assert distance(gradients, exact_gradients) < 3 * distance(plain_gradients, exact_gradients)
    else:
        assert distance(gradients, plain_gradients) < 1e-5


def test_a_model_predicts_the_same_and_has_no_slow_convolution_left() -> None:
    settings = MemberSettings(backbone="tiny", preprocessing=Preprocessing(image_size=(32, 32)))
    model = build_classifier(settings)
    images = np.random.default_rng(0).normal(size=(2, 32, 32, 3)).astype(np.float32)

    def predict(images):
        variables = [variable.value for variable in model.trainable_variables]
        others = [variable.value for variable in model.non_trainable_variables]
        return model.stateless_call(variables, others, images, training=False)[0]

    def grouped(trace) -> int:
        return sum(
            f"feature_group_count={channels}" in str(equation)
            for equation in trace.jaxpr.eqns
            for channels in [equation.params.get("feature_group_count", 1)]
            if channels > 1
        )

    plain = jax.make_jaxpr(predict)(images)
    with fast_convolutions(model):
        fast = jax.make_jaxpr(lambda images: predict(images))(images)
    assert grouped(plain) > 0
    assert grouped(fast) == 0
    expected = jax.jit(lambda images: predict(images))(images)
    with fast_convolutions(model):
        found = jax.jit(lambda images: predict(images))(images)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def computed_otherwise(model) -> list[keras.Layer]:
    return [layer for layer in model._flatten_layers() if "call" in vars(layer)]


def test_after_the_block_the_model_is_as_it_was() -> None:
    model = keras.Sequential([keras.Input((8, 8, 4)), keras.layers.DepthwiseConv2D(3), keras.layers.Conv2D(2, 3)])

    def fail_inside() -> None:
        with fast_convolutions(model):
            assert computed_otherwise(model) == model.layers
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_inside()
    assert computed_otherwise(model) == []


def test_of_every_backbone_all_convolutions_are_found() -> None:
    """Also those within a block of keras-cv, which a copy by `keras.models.clone_model` would leave out."""
    kinds = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)
    for backbone in ("mobilenet_v3_small", "efficientnetv2_b0", "resnet34d"):
        model = build_classifier(MemberSettings(backbone=backbone, preprocessing=Preprocessing(image_size=(32, 32))))
        with fast_convolutions(model):
            assert computed_otherwise(model) == [one for one in model._flatten_layers() if isinstance(one, kinds)]


def test_bias_and_activation_are_those_of_the_layer() -> None:
    images = np.random.default_rng(0).normal(size=(1, 8, 8, 4)).astype(np.float32)
    options = {"strides": 2, "padding": "same", "activation": "relu", "bias_initializer": "random_normal"}
    for layer in (keras.layers.Conv2D(6, 3, **options), keras.layers.DepthwiseConv2D(3, **options)):
        model = keras.Sequential([keras.Input((8, 8, 4)), layer])
        expected = model(images)
        with fast_convolutions(model):
            np.testing.assert_allclose(model(images), expected, atol=1e-5)


@pytest.mark.parametrize(
    "layer",
    [
        lambda: keras.layers.DepthwiseConv2D(3, depth_multiplier=2),
        lambda: keras.layers.DepthwiseConv2D(3, dilation_rate=2),
        lambda: keras.layers.Conv2D(4, 3, groups=2),
        lambda: keras.layers.Conv2D(4, 3, dilation_rate=2),
        lambda: keras.layers.Conv2D(4, 3, data_format="channels_first"),
    ],
)
def test_uncovered_convolutions_use_the_plain_form(layer) -> None:
    model = keras.Sequential([keras.Input((8, 8, 4)), layer()])
    with fast_convolutions(model):
        assert computed_otherwise(model) == []
