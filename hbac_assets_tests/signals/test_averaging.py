import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hbac_assets.signals.averaging import averaging_matrix, image_averaging


def test_averaging_shares_an_input_across_a_border() -> None:
    np.testing.assert_allclose(averaging_matrix(3, 2).toarray(), [[2 / 3, 1 / 3, 0], [0, 1 / 3, 2 / 3]], atol=1e-6)


def test_more_outputs_than_inputs_repeat_them() -> None:
    np.testing.assert_allclose(averaging_matrix(2, 4).toarray(), [[1, 0], [1, 0], [0, 1], [0, 1]], atol=1e-6)


@given(inputs=st.integers(1, 400), outputs=st.integers(1, 400))
def test_averaging_keeps_the_mean(inputs: int, outputs: int) -> None:
    matrix = averaging_matrix(inputs, outputs).toarray()
    np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=1e-4)
    np.testing.assert_allclose(matrix.sum(axis=0), outputs / inputs, atol=1e-4)


def test_an_image_of_the_size_that_it_has_stays_as_it_is() -> None:
    image = np.random.default_rng(0).normal(size=(5, 7)).astype(np.float32)
    np.testing.assert_array_equal(image_averaging((5, 7), (5, 7))(image), image)
    np.testing.assert_allclose(image_averaging((5, 7), (5, 1))(image)[:, 0], image.mean(axis=1), atol=1e-6)
