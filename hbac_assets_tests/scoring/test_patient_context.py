"""The patient's other recordings: their identification, their gain, and that no label is read."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import approx_fprime

from hbac_assets.scoring.calibration import learned_calibration
from hbac_assets.scoring.metric import kl_divergence
from hbac_assets.scoring.patient_context import PatientContext, learned_context, other_eegs
from hbac_assets_tests.scoring.constructed import votes
from hbac_assets_tests.scoring.members import softmax


def test_other_eegs_by_hand() -> None:
    logs = np.array([[1.0, 0], [3.0, 0], [5.0, 2], [7.0, 4], [9.0, 0], [11.0, 0]])
    patients = np.array(["ann", "ann", "ann", "ann", "bob", None], dtype=object)
    mean, count = other_eegs(logs, patients, np.array(["e1", "e1", "e2", "e3", "e4", "e5"]))
    np.testing.assert_array_equal(count, [2, 2, 2, 2, 0, 0])
    # e1 is the mean of its two rows, (2, 0), and counts once.
    assert mean.tolist() == [[6, 3], [6, 3], [4.5, 2], [3.5, 1], [0, 0], [0, 0]]


def test_rows_without_others_have_their_own_alone_and_nothing_depends_on_the_order() -> None:
    random = np.random.default_rng(0)
    predictions, patients, eegs = random.dirichlet(np.ones(6), 40), np.arange(40) // 4, np.arange(40)
    context = PatientContext(1.0, -0.2, 0.5, 2.0, np.zeros(6))
    together = context(predictions, patients, eegs)
    order = random.permutation(40)
    np.testing.assert_allclose(context(predictions[order], patients[order], eegs[order]), together[order])
    alone = context(predictions, np.arange(40), eegs)
    np.testing.assert_allclose(alone, predictions)
    nobody = np.full(40, np.nan)
    np.testing.assert_allclose(context(predictions, nobody, eegs), predictions)
    assert not np.allclose(together, alone, atol=0.01)


@pytest.mark.parametrize(("alike", "low", "high"), [(2.0, 0.02, 1), (0.0, -0.002, 0.001)])
def test_it_gains_where_a_patients_recordings_are_alike_and_loses_nothing_where_not(
    alike: float, low: float, high: float
) -> None:
    gains = []
    for seed in range(5):
        random = np.random.default_rng(seed)
        drawn = votes(random, 4000, alike)
        predictions = softmax(0.7 * (drawn.logits + 1.5 * random.normal(size=(4000, 6))))
        seen = drawn.patients < 300
        predictions = learned_calibration("temperature_bias", predictions[seen], drawn.shares[seen])(predictions)
        context = learned_context(predictions[seen], drawn.shares[seen], drawn.patients[seen], drawn.eegs[seen])
        adjusted = context(predictions[~seen], drawn.patients[~seen], drawn.eegs[~seen])
        gains.append(
            (kl_divergence(drawn.shares, predictions)[~seen] - kl_divergence(drawn.shares[~seen], adjusted)).mean()
        )
    assert low < np.mean(gains) < high


def test_planted_scalars_are_recovered() -> None:
    """Of votes drawn from what such an adjustment predicts."""
    random = np.random.default_rng(0)
    patients, eegs = np.sort(random.integers(0, 3000, 20000)), np.arange(20000)
    predictions = softmax(random.normal(size=(3000, 6))[patients] + random.normal(size=(20000, 6)))
    start = learned_context(predictions, np.full((20000, 6), 1 / 6), patients, eegs)
    planted = PatientContext(0.9, -0.3, 0.8, 2.0, start.center)
    shares = random.multinomial(50, planted(predictions, patients, eegs)) / 50
    found = learned_context(predictions, shares, patients, eegs)
    np.testing.assert_allclose(
        [found.own, found.with_others, found.others, found.shrinkage], [0.9, -0.3, 0.8, 2.0], rtol=0.1
    )


def test_a_minimum_is_reached() -> None:
    """The numerical gradient of divergence and ridge is 0 where the search ended."""
    drawn = votes(np.random.default_rng(0), 600, 2.0)
    predictions = softmax(0.6 * drawn.logits)
    found = learned_context(predictions, drawn.shares, drawn.patients, drawn.eegs)

    def objective(free: np.ndarray) -> float:
        context = PatientContext(1 + free[0], free[1], free[2], np.exp(free[3]), found.center)
        adjusted = context(predictions, drawn.patients, drawn.eegs)
        return float(kl_divergence(drawn.shares, adjusted).sum() + free @ free / 2)

    free = np.array([found.own - 1, found.with_others, found.others, np.log(found.shrinkage)])
    assert np.abs(approx_fprime(free, objective, 1e-6)).max() < 0.05


def test_eeg_and_patient_numbers_may_be_text() -> None:
    predictions = np.random.default_rng(0).dirichlet(np.ones(6), 8)
    context = PatientContext(1.0, -0.2, 0.5, 2.0, np.zeros(6))
    numbers = pd.Series([1, 1, 1, 1, 2, 2, 3, 3])
    as_text = context(predictions, numbers.astype("str").to_numpy(), np.arange(8))
    np.testing.assert_array_equal(as_text, context(predictions, numbers.to_numpy(), np.arange(8)))
