import pytest

from hbac_assets.learning.schedules import learning_rate
from hbac_assets.learning.settings import Schedule

SCHEDULE = Schedule(start=1e-4, peak=1e-2, floor=1e-5, warmup_epochs=2)


@pytest.mark.parametrize(
    ("epochs", "expected"),
    [
        (0, 1e-4),
        (1, (1e-4 + 1e-2) / 2),
        (2, 1e-2),
        (6, (1e-2 + 1e-5) / 2),  # half of the way from 2 to 10
        (4, 1e-5 + (1e-2 - 1e-5) * (1 + 2**-0.5) / 2),
        (10, 1e-5),
    ],
)
def test_values_over_ten_epochs(epochs: float, expected: float) -> None:
    assert learning_rate(SCHEDULE, epochs, 10) == pytest.approx(expected)


def test_the_floor_is_reached_at_the_end_however_many_epochs() -> None:
    for total in (3, 13, 50):
        rates = [learning_rate(SCHEDULE, step / 7, total) for step in range(2 * 7, total * 7 + 1)]
        assert rates == sorted(rates, reverse=True)
        assert rates[-1] == pytest.approx(1e-5)


def test_without_warm_up_it_starts_at_the_peak() -> None:
    assert learning_rate(SCHEDULE.model_copy(update={"warmup_epochs": 0}), 0, 5) == pytest.approx(1e-2)


def test_a_training_shorter_than_its_warm_up_only_rises() -> None:
    assert learning_rate(SCHEDULE, 1, 1) == pytest.approx((1e-4 + 1e-2) / 2)


@pytest.mark.parametrize(
    ("epochs", "expected"), [(1, (1e-4 + 1e-2) / 2), (2, 1e-2), (2.5, 5e-3), (4, 6.25e-4), (9, 1e-5)]
)
def test_exponential_decay_by_hand(epochs: float, expected: float) -> None:
    decaying = SCHEDULE.model_copy(update={"kind": "exponential", "decay": 0.25})
    assert learning_rate(decaying, epochs, 10) == pytest.approx(expected)


def test_a_constant_rate_stays_at_the_peak() -> None:
    constant = SCHEDULE.model_copy(update={"kind": "constant"})
    assert learning_rate(constant, 1, 10) == pytest.approx((1e-4 + 1e-2) / 2)
    assert {learning_rate(constant, epochs, 10) for epochs in (2, 5.5, 10)} == {1e-2}
