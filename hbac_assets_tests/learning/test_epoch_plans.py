from dataclasses import replace

import numpy as np
import pytest

from hbac_assets.errors import HbacError
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


VOTES = np.array([3, 12, 1, 10, 15, 3, 28, 9, 20, 4])
ENOUGH = [1, 3, 4, 6, 8]
EEGS = np.array([7, 7, 7, 8, 8, 9, 9, 9, 9, 5])


def in_stages(member: MemberSettings, *stages: dict) -> MemberSettings:
    return MemberSettings.model_validate({**member.model_dump(), "stages": stages})


def test_no_stages_are_one_of_everything(member: MemberSettings) -> None:
    for one, same in zip(plan_epochs(member, TARGETS), plan_epochs(in_stages(member, {}), TARGETS), strict=True):
        np.testing.assert_array_equal(one.batches(), same.batches())
        np.testing.assert_array_equal(one.rates, same.rates)
        assert (one.stage, one.sample_weights, same.sample_weights) == (1, None, None)


def test_each_stage_has_its_own_rows_length_and_schedule(member: MemberSettings) -> None:
    schedule = {"kind": "constant", "peak": 1e-5, "warmup_epochs": 0}
    staged = in_stages(member, {}, {"min_votes": 10, "epochs": 2, "schedule": schedule})
    plans = plan_epochs(staged, TARGETS, VOTES)
    assert staged.total_epochs == len(plans) == 5
    assert [plan.stage for plan in plans] == [1, 1, 1, 2, 2]
    assert [plan.epoch for plan in plans] == [1, 2, 3, 4, 5]
    assert [plan.first_step for plan in plans] == [0, 3, 6, 9, 11]
    for plan, alone in zip(plans, plan_epochs(member, TARGETS), strict=False):
        np.testing.assert_array_equal(plan.batches(), alone.batches())
        np.testing.assert_array_equal(plan.rates, alone.rates)
    for plan in plans[3:]:
        assert sorted(plan.batches().ravel()[:5]) == ENOUGH
        np.testing.assert_array_equal(plan.rates, [1e-5, 1e-5])


def test_a_schedule_is_that_of_its_stage_alone(member: MemberSettings) -> None:
    times = np.arange(4) / 2
    expected = [learning_rate(member.schedule, time, 2) for time in times]
    plans = plan_epochs(in_stages(member, {}, {"min_votes": 10, "epochs": 2}), TARGETS, VOTES)
    np.testing.assert_allclose(np.concatenate([plan.rates for plan in plans[3:]]), expected, rtol=1e-12)


def test_a_stage_without_rows_is_refused(member: MemberSettings) -> None:
    with pytest.raises(HbacError, match=r"with 29 or more votes for stage 2, found at most 28 votes on 10 rows; lower"):
        plan_epochs(in_stages(member, {}, {"min_votes": 29}), TARGETS, VOTES)


def test_a_stage_is_rebalanced_by_its_own_rows(member: MemberSettings) -> None:
    staged = in_stages(member.model_copy(update={"rebalancing": True}), {"min_votes": 10})
    plan = plan_epochs(staged, TARGETS, VOTES)[0]
    np.testing.assert_array_equal(plan.weights, balancing_weights(TARGETS[ENOUGH]))
    assert set(plan.batches().ravel()) <= set(ENOUGH)


@pytest.mark.parametrize(
    ("kind", "expected"), [("log_votes", np.log(VOTES + 1)), ("capped_votes", np.minimum(VOTES / 20, 1))]
)
def test_sample_weights_follow_the_votes_and_have_a_mean_of_one(
    member: MemberSettings, kind: str, expected: np.ndarray
) -> None:
    staged = in_stages(member, {}, {"min_votes": 10, "epochs": 1, "sample_weight": kind})
    first, *_, last = plan_epochs(staged, TARGETS, VOTES)
    assert last.sample_weights is not None
    np.testing.assert_allclose(last.sample_weights, expected / expected[ENOUGH].mean(), rtol=1e-6)
    np.testing.assert_array_equal(first.sample_weights, np.ones(10))  # one program for both


def test_one_row_of_each_eeg_is_drawn_anew_for_each_epoch(member: MemberSettings) -> None:
    drawing = in_stages(member, {"draw": "one_per_eeg", "epochs": 200})
    plans = plan_epochs(drawing, TARGETS, VOTES, EEGS)
    assert all(sorted(EEGS[plan.rows]) == [5, 7, 8, 9] for plan in plans)
    assert all(sorted(plan.batches().ravel()) == sorted(plan.rows) for plan in plans)
    times = np.bincount(np.concatenate([plan.rows for plan in plans]), minlength=10)
    expected = 200 / np.bincount(EEGS)[EEGS]
    np.testing.assert_allclose(times, expected, atol=25)
    assert [plan.first_step for plan in plans] == list(range(200))
    again = plan_epochs(drawing, TARGETS, VOTES, EEGS)
    assert all(np.array_equal(one.rows, same.rows) for one, same in zip(plans, again, strict=True))
    other = plan_epochs(drawing.model_copy(update={"seed": 1}), TARGETS, VOTES, EEGS)
    assert any(not np.array_equal(one.rows, another.rows) for one, another in zip(plans, other, strict=True))


def test_weights_have_a_mean_of_one_over_what_is_drawn(member: MemberSettings) -> None:
    drawing = in_stages(member, {"draw": "one_per_eeg", "sample_weight": "log_votes", "epochs": 5})
    for plan in plan_epochs(drawing, TARGETS, VOTES, EEGS):
        assert plan.sample_weights is not None
        drawn = plan.sample_weights[plan.rows]
        np.testing.assert_allclose(drawn / drawn[0], np.log1p(VOTES[plan.rows]) / np.log1p(VOTES[plan.rows[0]]))
        assert drawn.mean() == pytest.approx(1)


def test_a_draw_is_among_the_rows_of_its_stage(member: MemberSettings) -> None:
    plans = plan_epochs(in_stages(member, {"draw": "one_per_eeg", "min_votes": 10}), TARGETS, VOTES, EEGS)
    for plan in plans:
        assert set(plan.rows) <= set(ENOUGH)
        assert sorted(EEGS[plan.rows]) == [7, 8, 9]
