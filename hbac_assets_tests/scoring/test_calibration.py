"""Planted miscalibration is found and undone; few rows cannot do much harm."""

import numpy as np
import pytest
from scipy.optimize import minimize

from hbac_assets.scoring.calibration import CALIBRATIONS, RIDGE, learned_calibration, log_probabilities
from hbac_assets.scoring.metric import kl_divergence
from hbac_assets_tests.scoring.constructed import votes
from hbac_assets_tests.scoring.members import members, softmax

BIAS = np.array([0.5, -0.5, 0.4, -0.4, 0.3, -0.3])


def test_planted_temperature_and_biases_are_recovered_within_three_percent() -> None:
    """On 1,500 rows each, on average over 20 seeds."""
    found = []
    for seed in range(20):
        drawn = votes(np.random.default_rng(seed), 1500)
        wrong = softmax(1.5 * (drawn.logits - BIAS))
        calibration = learned_calibration("temperature_bias", wrong, drawn.shares)
        sure = learned_calibration("temperature", softmax(1.5 * drawn.logits), drawn.shares)
        assert np.array_equal(calibration.matrix, calibration.matrix[0, 0] * np.eye(6))
        assert np.array_equal(sure.bias, np.zeros(6))
        found.append([1 / calibration.matrix[0, 0], 1 / sure.matrix[0, 0], *calibration.bias / BIAS])
    np.testing.assert_allclose(np.mean(found, axis=0), [1.5, 1.5, *np.ones(6)], rtol=0.03)


@pytest.mark.parametrize("kind", CALIBRATIONS)
def test_the_minimum_is_the_one_that_another_search_finds(kind: str) -> None:
    """Without analytic gradient, from another start."""
    predictions, shares, _, _ = members([0.8], rows=80)
    wrong = softmax(1.4 * np.log(predictions[0]) - BIAS)
    parameters = CALIBRATIONS[kind]

    def table(free: np.ndarray) -> np.ndarray:
        return np.eye(6, 7) + np.where(parameters >= 0, free[parameters], 0)

    def objective(free: np.ndarray) -> float:
        matrix, bias = np.split(table(free), [6], axis=1)
        calibrated = softmax(log_probabilities(wrong) @ matrix.T + bias.T)
        return float(kl_divergence(shares, calibrated).mean() + RIDGE / 2 * free @ free / len(shares))

    number = parameters.max() + 1
    other = minimize(
        objective, np.random.default_rng(0).normal(0, 0.1, number), method="SLSQP", options={"ftol": 1e-12}
    )
    calibration = learned_calibration(kind, wrong, shares)
    expected = softmax(log_probabilities(wrong) @ table(other.x)[:, :6].T + table(other.x)[:, 6])
    np.testing.assert_allclose(calibration(wrong), expected, atol=1e-3)
    assert calibration.bias.sum() == pytest.approx(0, abs=1e-12)


def test_richer_calibrations_undo_richer_faults() -> None:
    drawn = votes(np.random.default_rng(0), 4000)
    scale = np.array([0.6, 0.8, 1.0, 1.2, 1.4, 1.6])
    mixed = np.eye(6) + 0.4 * np.roll(np.eye(6), 1, axis=1)
    shift = (drawn.logits / scale).sum(axis=1, keepdims=True) / (1 / scale).sum()  # so that log q has mean 0
    faults = {
        "temperature_bias": drawn.logits - BIAS,
        "vector": (drawn.logits - shift) / scale,
        "dirichlet": drawn.logits @ mixed,
    }
    learn, unseen = slice(0, 2000), slice(2000, 4000)
    best = kl_divergence(drawn.shares[unseen], softmax(drawn.logits)[unseen]).mean()
    for fault, logits in faults.items():
        wrong = softmax(logits)
        scores = {
            kind: kl_divergence(
                drawn.shares[unseen], learned_calibration(kind, wrong[learn], drawn.shares[learn])(wrong[unseen])
            ).mean()
            for kind in CALIBRATIONS
        }
        assert scores[fault] < best + 0.01
        poorer = list(CALIBRATIONS)[: list(CALIBRATIONS).index(fault)]
        assert min(scores[kind] for kind in poorer) > scores[fault] + 0.005


@pytest.mark.parametrize(("kind", "most"), [("temperature", 0.002), ("temperature_bias", 0.01), ("vector", 0.015)])
def test_few_rows_do_little_harm_to_what_is_calibrated(kind: str, most: float) -> None:
    harm = []
    for seed in range(20):
        drawn = votes(np.random.default_rng(seed), 1030)
        right, seen, unseen = softmax(drawn.logits), slice(0, 30), slice(30, None)
        calibrated = learned_calibration(kind, right[seen], drawn.shares[seen])(right[unseen])
        before = kl_divergence(drawn.shares[unseen], right[unseen])
        harm.append((kl_divergence(drawn.shares[unseen], calibrated) - before).mean())
    assert np.mean(harm) < most


@pytest.mark.parametrize("kind", CALIBRATIONS)
def test_without_rows_nothing_changes_and_certainty_stays_finite(kind: str) -> None:
    predictions, shares, _, _ = members([0.8], rows=20)
    unlearned = learned_calibration(kind, predictions[0][:0], shares[:0])
    np.testing.assert_allclose(unlearned(predictions[0]), predictions[0], rtol=1e-6)
    certain = np.eye(6)[np.arange(20) % 6]
    calibrated = learned_calibration(kind, certain, shares)(certain)
    assert np.isfinite(kl_divergence(shares, calibrated)).all()
    assert kl_divergence(shares, calibrated).mean() < kl_divergence(shares, certain).mean() - 1
