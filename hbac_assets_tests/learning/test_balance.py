import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hbac_assets.learning.balance import balancing_weights, draw_rows


def test_classes_weigh_alike_where_each_row_has_one() -> None:
    targets = np.eye(6)[[0] * 50 + [1] * 10 + [4] * 5]
    weights = balancing_weights(targets)
    np.testing.assert_allclose(weights @ targets, np.array([1, 1, 0, 0, 1, 0]) / 3)


def test_a_row_counts_by_its_fraction_of_a_rare_class() -> None:
    targets = np.array([[1, 0, 0, 0, 0, 0]] * 8 + [[0.5, 0.5, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0]])
    common, shared, rare = balancing_weights(targets)[[0, 8, 9]]
    np.testing.assert_allclose([shared / common, rare / common], [0.5 + 0.5 * 8.5 / 1.5, 8.5 / 1.5])


@given(st.lists(st.floats(0.01, 10), min_size=1, max_size=40), st.integers(0, 100))
def test_each_row_is_drawn_as_often_as_its_weight_says_to_within_one(raw: list[float], seed: int) -> None:
    weights = np.array(raw) / np.sum(raw)
    drawn = draw_rows(weights, np.random.default_rng(seed))
    assert len(drawn) == len(weights)
    often = np.bincount(drawn, minlength=len(weights))
    assert np.abs(often - weights * len(weights)).max() < 1 + 1e-9
