"""The metric against a computation in plain Python, and by hand."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hbac_assets.scoring.metric import kl_divergence

HALF = [0.5, 0.5, 0, 0, 0, 0]


def plainly(shares: list[float], predictions: list[float]) -> float:
    total = 0.0
    for share, prediction in zip(shares, predictions, strict=True):
        if share > 0:
            total += share * math.log(share / min(max(prediction, 1e-15), 1 - 1e-15))
    return total


probabilities = (
    st.lists(st.integers(0, 20), min_size=6, max_size=6)
    .filter(any)
    .map(lambda votes: [vote / sum(votes) for vote in votes])
)


@settings(deadline=None)
@given(st.lists(st.tuples(probabilities, probabilities), min_size=1, max_size=5))
def test_agrees_with_plain_python(rows: list[tuple[list[float], list[float]]]) -> None:
    shares, predictions = np.array(rows).transpose(1, 0, 2)
    expected = [plainly(share, prediction) for share, prediction in rows]
    np.testing.assert_allclose(kl_divergence(shares, predictions), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("shares", "predictions", "expected"),
    [
        (HALF, HALF, 0.0),
        (HALF, [0.25, 0.75, 0, 0, 0, 0], 0.5 * math.log(4 / 3)),
        ([1, 0, 0, 0, 0, 0], [1 / 6] * 6, math.log(6)),
        ([1, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0], 15 * math.log(10)),  # clipped at 1e-15
        ([1, 0, 0, 0, 0, 0], [0.5, 0, 0, 0, 0, 0], math.log(2)),  # not renormalised
        (HALF, [1, 1, 0, 0, 0, 0], -math.log(2)),  # not renormalised
    ],
)
def test_by_hand(shares: list[float], predictions: list[float], expected: float) -> None:
    (kl,) = kl_divergence(np.array([shares]), np.array([predictions]))
    assert kl == pytest.approx(expected, abs=1e-14)


def test_single_precision_predictions_are_scored_in_double() -> None:
    predictions = np.array([[1e-20, 1, 0, 0, 0, 0]], dtype=np.float32)
    assert kl_divergence(np.array([[1.0, 0, 0, 0, 0, 0]]), predictions)[0] == pytest.approx(15 * math.log(10))
