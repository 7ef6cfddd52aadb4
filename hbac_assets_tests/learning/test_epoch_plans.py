from dataclasses import replace

import numpy as np
import pytest

from hbac_assets.learning.balance import balancing_weights
from hbac_assets.learning.epoch_plans import plan_epochs
from hbac_assets.learning.schedules import learning_rate
from hbac_assets.learning.settings import MemberSettings

TARGETS = np.eye(6, dtype=np.float32)[[0, 0, 0, 0, 0, 0, 0, 1, 1, 2]]


@pytest.fixture(scope="module")
def member(settings: MemberSettings) -> MemberSettings:
    return settings.model_copy(update={"batch_size": 4, "epochs": 3})


def test_epochs_and_their_steps_are_counted_on(member: MemberSettings) -> None:
    plans = plan_epochs(member, TARGETS)
    assert [plan.epoch for plan in plans] == [1, 2, 3]
    assert [plan.first_step for plan in plans] == [0, 3, 6]
    assert [plan.batches().shape for plan in plans] == [(3, 4)] * 3


def test_each_step_has_the_learning_rate_of_its_time(member: MemberSettings) -> None:
    times = np.arange(9) / 3
    expected = [learning_rate(member.schedule, time, 3) for time in times]
    found = np.concatenate([plan.rates for plan in plan_epochs(member, TARGETS)])
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_an_epoch_goes_through_all_rows_in_an_order_of_its_own(member: MemberSettings) -> None:
    first, second, _ = (plan.batches().ravel() for plan in plan_epochs(member, TARGETS))
    assert sorted(first[:10]) == list(range(10))
    np.testing.assert_array_equal(first[10:], first[:2])
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(first, plan_epochs(member, TARGETS)[0].batches().ravel())
    other_seed = plan_epochs(member.model_copy(update={"seed": 1}), TARGETS)
    assert not np.array_equal(first, other_seed[0].batches().ravel())


def test_an_epoch_of_some_rows_goes_through_these(member: MemberSettings) -> None:
    plan = replace(plan_epochs(member, TARGETS)[0], rows=np.array([3, 5, 9]))
    batches = plan.batches()
    assert batches.dtype == np.int32
    assert sorted(batches.ravel()[:3]) == [3, 5, 9]


def test_rebalanced_rows_come_as_often_as_their_weights_say(member: MemberSettings) -> None:
    plan = plan_epochs(member.model_copy(update={"rebalancing": True}), TARGETS)[0]
    np.testing.assert_array_equal(plan.weights, balancing_weights(TARGETS))
    drawn = np.bincount(plan.batches().ravel()[:10], minlength=10)
    assert drawn[9] >= 3  # the only row of its class, of three
    np.testing.assert_allclose(drawn, 10 * balancing_weights(TARGETS), atol=1)
