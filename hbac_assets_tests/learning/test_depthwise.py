import jax
import keras
import numpy as np
import pytest

from hbac_assets.learning.backbones import build_classifier
from hbac_assets.learning.depthwise import fast_depthwise, shifted_depthwise
from hbac_assets.learning.settings import MemberSettings, Preprocessing


def by_xla(images, kernel, strides, padding):
    return jax.lax.conv_general_dilated(
        images,
        kernel[:, :, None, :],
        strides,
        padding.upper(),
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
        feature_group_count=images.shape[-1],
    )


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("strides", [(1, 1), (2, 2), (2, 1)])
@pytest.mark.parametrize(("size", "taps"), [((9, 12), 3), ((8, 11), 5)])
def test_outputs_and_gradients_equal_those_of_xla(size, taps, strides, padding) -> None:
    rng = np.random.default_rng(0)
    images = rng.normal(size=(3, *size, 10)).astype(np.float32)
    kernel = rng.normal(size=(taps, taps, 10)).astype(np.float32)
    expected, expected_gradients = jax.vjp(lambda x, w: by_xla(x, w, strides, padding), images, kernel)
    found, gradients = jax.vjp(lambda x, w: shifted_depthwise(x, w, strides, padding), images, kernel)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    direction = rng.normal(size=expected.shape).astype(np.float32)
    for one, other in zip(gradients(direction), expected_gradients(direction), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5, rtol=1e-5)


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
    with fast_depthwise():
        fast = jax.make_jaxpr(lambda images: predict(images))(images)
    assert grouped(plain) > 0
    assert grouped(fast) == 0
    expected = jax.jit(lambda images: predict(images))(images)
    with fast_depthwise():
        found = jax.jit(lambda images: predict(images))(images)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_outside_the_block_keras_is_as_it_was() -> None:
    from keras.src.backend.jax import nn

    original = nn.depthwise_conv

    def fail_inside() -> None:
        with fast_depthwise():
            assert nn.depthwise_conv is not original
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_inside()
    assert nn.depthwise_conv is original


def test_what_it_does_not_cover_goes_the_plain_way() -> None:
    images = np.random.default_rng(0).normal(size=(1, 8, 8, 4)).astype(np.float32)
    for layer in (
        keras.layers.DepthwiseConv2D(3, depth_multiplier=2),
        keras.layers.DepthwiseConv2D(3, dilation_rate=2),
    ):
        expected = layer(images)
        with fast_depthwise():
            np.testing.assert_allclose(layer(images), expected, atol=1e-5)
