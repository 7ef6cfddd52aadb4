import jax
import numpy as np
import pytest

from hbac_assets.learning.convolutions.depthwise import depthwise
from hbac_assets.learning.convolutions.ordinary import ordinary
from hbac_assets.learning.convolutions.taps import same_padding


def by_xla(images, kernel, strides, padding, groups):
    return jax.lax.conv_general_dilated(
        images,
        kernel,
        strides,
        padding.upper(),
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
        feature_group_count=groups,
    )


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("strides", [(1, 1), (2, 2), (2, 1)])
@pytest.mark.parametrize(("size", "taps"), [((9, 12), 3), ((8, 11), 5), ((7, 6), 1)])
@pytest.mark.parametrize(("form", "channels", "filters"), [(depthwise, 10, 1), (ordinary, 16, 32), (ordinary, 3, 8)])
def test_outputs_and_gradients_equal_those_of_xla(form, channels, filters, size, taps, strides, padding) -> None:
    rng = np.random.default_rng(0)
    images = rng.normal(size=(3, *size, channels)).astype(np.float32)
    kernel = rng.normal(size=(taps, taps, channels, filters)).astype(np.float32)
    borders = tuple(
        same_padding(pixels, taps, stride) if padding == "same" else (0, 0)
        for pixels, stride in zip(size, strides, strict=True)
    )
    groups = channels if form is depthwise else 1

    def expected_form(images, kernel):
        kernel = kernel.reshape(taps, taps, 1, channels) if form is depthwise else kernel
        return by_xla(images, kernel, strides, padding, groups)

    expected, expected_gradients = jax.vjp(expected_form, images, kernel)
    found, gradients = jax.vjp(lambda x, w: form(x, w, strides, borders), images, kernel)
    np.testing.assert_allclose(found, expected, atol=1e-4, rtol=1e-5)
    direction = rng.normal(size=expected.shape).astype(np.float32)
    for one, other in zip(gradients(direction), expected_gradients(direction), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4, rtol=1e-5)
