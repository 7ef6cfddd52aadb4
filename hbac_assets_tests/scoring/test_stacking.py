"""The stacking network: its features, its start, its early stopping; the same rows give the same bits."""

from functools import cache

import numpy as np
import pytest

from hbac_assets.scoring import stacking
from hbac_assets.scoring.calibration import learned_calibration
from hbac_assets.scoring.convex import ConvexBlend
from hbac_assets.scoring.metric import kl_divergence
from hbac_assets.scoring.stacked_blend import FEATURES, StackedBlend
from hbac_assets.scoring.stacking import consensus, held_out_rows, stacked
from hbac_assets_tests.scoring.constructed import Table, votes
from hbac_assets_tests.scoring.members import members, softmax


def test_features_by_hand() -> None:
    predictions = np.array([[[0.6, 0.4, 0, 0, 0, 0]], [[0.2, 0.4, 0.4, 0, 0, 0]], [[0.1, 0.4, 0.5, 0, 0, 0]]])
    statistics = FEATURES["statistics"](predictions).reshape(5, 6)
    np.testing.assert_allclose(statistics[:, 0], [0.1, 0.6, 0.3, 0.14**0.5 / 3**0.5, 0.2])
    np.testing.assert_allclose(statistics[:, 1], [0.4, 0.4, 0.4, 0, 0.4], atol=1e-12)
    side_by_side = FEATURES["predictions"](predictions)
    np.testing.assert_array_equal(side_by_side.reshape(3, 6), predictions[:, 0])
    np.testing.assert_array_equal(FEATURES["both"](predictions)[0], [*statistics.ravel(), *side_by_side[0]])


def test_consensus_is_shared_by_classes_with_equally_many_votes() -> None:
    votes = np.array([[3, 0, 0, 0, 0, 4], [2, 2, 0, 0, 0, 1], [1, 1, 1, 1, 1, 1]])
    found = consensus(votes / votes.sum(axis=1, keepdims=True))
    np.testing.assert_allclose(found, np.array([[0, 0, 0, 0, 0, 6], [3, 3, 0, 0, 0, 0], [1] * 6]) / 6)


@pytest.mark.parametrize(("patients", "watched"), [(2, 1), (3, 1), (4, 1), (10, 2), (87, 17)])
def test_early_stopping_monitors_whole_patients(patients: int, watched: int) -> None:
    groups = np.random.default_rng(0).permutation(np.repeat(np.arange(patients), 3))
    held_out = held_out_rows(groups)
    assert len(set(groups[held_out])) == watched
    assert not set(groups[held_out]) & set(groups[~held_out])
    assert (~held_out).any()


def test_monitored_patients_decide_only_when_training_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their votes, made surer here, choose among the same weights: after one epoch these and the start alone."""
    predictions, shares, patients, _ = members([0.5, 1.0], rows=100)
    watched = held_out_rows(patients)
    surer = np.where(watched[:, None], consensus(shares), shares)
    assert unlike(learn(predictions, shares, patients), learn(predictions, surer, patients))
    monkeypatch.setattr(stacking, "MOST_EPOCHS", 1)
    after_one = learn(predictions, surer, patients)
    assert after_one.weights[-2].any()
    assert not unlike(learn(predictions, shares, patients), after_one)


def test_without_improvement_the_blend_is_the_mean() -> None:
    """What the other patients teach is wrong for those watched."""
    predictions, shares, patients, _ = members([0.5, 1.0], rows=100)
    watched = held_out_rows(patients)
    misleading = np.where(watched[:, None], predictions.mean(axis=0), np.roll(shares, 3, axis=1))
    blend = learn(predictions, misleading, patients)
    assert not blend.weights[-2].any()
    np.testing.assert_allclose(blend(predictions), predictions.mean(axis=0), rtol=1e-5)


@pytest.mark.parametrize("number", [3, 15])
@pytest.mark.parametrize("features", FEATURES)
def test_it_is_hardly_worse_than_an_optimal_mean(number: int, features: str) -> None:
    """The members stray from the truth alike, and their mean is calibrated; a network that starts anywhere lost .02."""
    losses = []
    for seed in range(3):
        table = calibrated_members(number, seed)
        learned, unseen = table.rows(table.patients < 250), table.rows(table.patients >= 250)
        blend = stacked(learned.predictions, learned.shares, learned.patients, features=features)
        losses.append(
            kl_divergence(unseen.shares, blend(unseen.predictions)).mean()
            - kl_divergence(unseen.shares, unseen.predictions.mean(axis=0)).mean()
        )
    assert np.mean(losses) < 0.002


@cache
def calibrated_members(number: int, seed: int) -> Table:
    random = np.random.default_rng(seed)
    drawn = votes(random, 6000)
    strayed = drawn.logits + 0.4 * random.normal(size=(6000, 6)) + 0.4 * random.normal(size=(number, 6000, 6))
    predictions = softmax(strayed)
    for _ in range(3):  # each calibrates the members by what their mean needs
        calibration = learned_calibration("dirichlet", predictions.mean(axis=0), drawn.shares)
        predictions = np.stack([calibration(member) for member in predictions])
    return Table(predictions, drawn.shares, drawn.patients, drawn.eegs, drawn.patients % 5)


def test_training_ends_twenty_epochs_after_the_best_and_restores_its_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    predictions, shares, patients, _ = members([0.5, 1.0], rows=100)
    scored: list[float] = []

    def noted(shares: np.ndarray, predictions: np.ndarray) -> np.ndarray:
        divergence = kl_divergence(shares, predictions)
        scored.append(divergence.mean())
        return divergence

    monkeypatch.setattr(stacking, "kl_divergence", noted)
    blend = learn(predictions, shares, patients)
    assert len(scored) == np.argmin(scored) + 21
    watched = held_out_rows(patients)
    assert kl_divergence(shares[watched], blend(predictions[:, watched])).mean() == min(scored)


def test_the_same_rows_give_the_same_bits_and_the_seed_others(monkeypatch: pytest.MonkeyPatch) -> None:
    predictions, shares, patients, _ = members([0.5, 1.0], rows=100)
    first = learn(predictions, shares, patients)
    stacking._compiled.cache_clear()
    assert not unlike(first, learn(predictions, shares, patients))
    monkeypatch.setattr(stacking, "SEED", 7)
    stacking._compiled.cache_clear()
    assert unlike(first, learn(predictions, shares, patients))
    stacking._compiled.cache_clear()


def test_a_row_is_blended_alike_in_any_company() -> None:
    predictions, shares, patients, _ = members([0.5, 1.0], rows=100)
    blend = learn(predictions, shares, patients)
    blended = blend(predictions)
    assert blended.shape == (100, 6)
    np.testing.assert_array_equal(blend(predictions[:, 70:71]), blended[70:71])
    assert blend(predictions[:, :0]).shape == (0, 6)


def test_with_one_patient_nothing_is_monitored() -> None:
    predictions, shares, _, _ = members([0.5, 1.0], rows=10)
    blend = stacked(predictions, shares, np.zeros(10), features="both")
    assert isinstance(blend, ConvexBlend)
    np.testing.assert_array_equal(blend.weights, [0.5, 0.5])


@pytest.mark.parametrize(("weight", "expected"), [(0.0, 0.6), (0.5, 0.8), (0.8, 0.92)])
def test_consensus_and_fractions_are_weighted(monkeypatch: pytest.MonkeyPatch, weight: float, expected: float) -> None:
    """Where all rows are alike, the loss is least between their shares and their consensus, as the weight says."""
    monkeypatch.setattr(stacking, "CONSENSUS_WEIGHT", weight)
    monkeypatch.setattr(stacking, "RIDGE", 0.0)
    monkeypatch.setattr(stacking, "LEARNING_RATE", 0.01)
    monkeypatch.setattr(stacking, "MOST_EPOCHS", 1)
    stacking._compiled.cache_clear()
    shares = np.tile([0.6, 0.4, 0, 0, 0, 0], (8000, 1))
    predictions = np.full((2, 8000, 6), 1 / 6)
    blended = learn(predictions, shares, np.arange(8000))(predictions[:, :1])
    stacking._compiled.cache_clear()
    assert blended[0, 0] == pytest.approx(expected, abs=0.05)


def learn(predictions: np.ndarray, shares: np.ndarray, patients: np.ndarray) -> StackedBlend:
    blend = stacked(predictions, shares, patients, features="predictions")
    assert isinstance(blend, StackedBlend)
    return blend


def unlike(one: StackedBlend, other: StackedBlend) -> bool:
    return any(not np.array_equal(left, right) for left, right in zip(one.weights, other.weights, strict=True))
