from itertools import combinations

import numpy as np
import pytest

from hbac_assets.scoring import bootstrap
from hbac_assets.scoring.bootstrap import Bootstrap


def patient_sizes(random: np.random.Generator, patients: int) -> np.ndarray:
    """Rows of each patient, unequal as in the competition's table: half have 3 or fewer, one in a hundred over 40."""
    return np.minimum(np.ceil(random.lognormal(0.75, 1.3, patients)), 232).astype(int)


def two_models(random: np.random.Generator, patients: int) -> tuple[np.ndarray, np.ndarray, float]:
    """The patient of each row, (N, 2) skewed scores of two models that are equally good, and their true mean."""
    patient = np.repeat(np.arange(patients), patient_sizes(random, patients))
    difficulty = random.lognormal(-(0.3**2) / 2, 0.3, patients)[patient]
    affinity = random.lognormal(-(0.2**2) / 2, 0.2, patients)[patient]
    first, own = difficulty * random.gamma(0.8, 0.3, (2, len(patient)))
    return patient, np.stack([first, 0.5 * first + 0.5 * affinity * own], axis=1), 0.24


def coverage(simulations: int, patients: int) -> tuple[float, float, float]:
    """Coverage of the interval of a mean, the paired test's false alarms, and the design effect of patients."""
    random = np.random.default_rng(patients)
    covered, alarms, means, variances = [], [], [], []
    for seed in range(simulations):
        patient, kl, truth = two_models(random, patients)
        drawn = Bootstrap(patient, seed=seed)
        mean = drawn.means(kl[:, :1])
        covered.append(mean.low[0] <= truth <= mean.high[0])
        alarms.append(not drawn.differences(kl, [(0, 1)]).noise[0])
        means.append(mean.value[0])
        variances.append(kl[:, 0].var() / len(kl))
    return float(np.mean(covered)), float(np.mean(alarms)), float(np.var(means) / np.mean(variances))


def test_intervals_cover_and_paired_tests_have_few_false_alarms() -> None:
    covered, alarms, _ = coverage(simulations=250, patients=80)
    assert covered == pytest.approx(0.95, abs=0.045)
    assert alarms == pytest.approx(0.05, abs=0.045)


@pytest.mark.long
@pytest.mark.parametrize("patients", [80, 160, 320])
def test_intervals_cover_95_percent_and_false_alarms_are_5_percent(patients: int) -> None:
    covered, alarms, design_effect = coverage(simulations=2000, patients=patients)
    assert covered == pytest.approx(0.95, abs=0.02)
    assert alarms == pytest.approx(0.05, abs=0.02)
    assert 1.7 < design_effect < 3.2


@pytest.mark.long
@pytest.mark.parametrize("patients", [2, 3, 5, 10, 20])
def test_few_patients_give_no_more_false_alarms(patients: int) -> None:
    covered, alarms, _ = coverage(simulations=1000, patients=patients)
    assert covered > 0.88
    assert alarms < 0.08


@pytest.mark.long
def test_excess_of_a_slice_that_is_like_the_rest_covers_0() -> None:
    """Half of the patients have rows on one side alone, the others on both."""
    covered, random = [], np.random.default_rng(9)
    for seed in range(1000):
        patient, kl, _ = two_models(random, 120)
        inside = random.random(len(patient)) < np.choose(patient % 4, [0.0, 0.3, 0.5, 1.0])
        found = Bootstrap(patient, seed=seed).excess(kl[:, :1], inside)
        covered.append(found.noise[0])
    assert np.mean(covered) == pytest.approx(0.95, abs=0.02)


def test_interval_by_hand_with_patients_drawn_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "RESAMPLES", 20_000)
    random = np.random.default_rng(1)
    patient, kl, _ = two_models(random, 30)
    parts = [kl[patient == one, 0] for one in range(30)]

    def mean_and_error(parts: list[np.ndarray]) -> tuple[float, float]:
        rows = np.concatenate(parts)
        residuals = [(part - rows.mean()).sum() for part in parts]
        return rows.mean(), np.sqrt(30 / 29 * np.square(residuals).sum()) / len(rows)

    mean, error = mean_and_error(parts)
    drawn = [mean_and_error([parts[one] for one in random.integers(0, 30, 30)]) for _ in range(20_000)]
    without = [mean_and_error(parts[:one] + parts[one + 1 :])[0] for one in range(30)]
    jackknife = np.sqrt(29 / 30 * np.square(np.array(without) - mean).sum())
    assert jackknife > error
    reach = jackknife * np.quantile([abs(one - mean) / its_error for one, its_error in drawn], 0.95)
    found = Bootstrap(patient).means(kl[:, :1])
    assert found.value[0] == pytest.approx(mean)
    assert (found.high - found.low)[0] == pytest.approx(2 * reach, rel=0.03)


def test_equal_patients_agree_with_the_t_test() -> None:
    """With as many rows of each patient a paired difference is a t-test of the patients' means."""
    from scipy.stats import ttest_rel

    random = np.random.default_rng(2)
    kl = random.normal(1, 0.3, (200, 2)) + random.normal(0, 0.2, (200, 1))
    rows = np.repeat(kl, 3, axis=0)
    found = Bootstrap(np.repeat(np.arange(200), 3)).differences(rows, [(0, 1)])
    expected = ttest_rel(kl[:, 0], kl[:, 1]).confidence_interval(0.95)
    assert (found.low[0], found.high[0]) == pytest.approx((expected.low, expected.high), rel=0.08, abs=0.005)
    assert found.patients[0] == 200
    assert found.rows[0] == 600


def test_fraction_won_agrees_with_drawing_patients_one_by_one() -> None:
    random = np.random.default_rng(3)
    patient, kl, _ = two_models(random, 40)
    difference = kl[:, 0] - kl[:, 1] - 0.01
    by_patient = np.bincount(patient, difference)
    drawn = [by_patient[random.integers(0, 40, 40)].sum() < 0 for _ in range(20_000)]
    found = Bootstrap(patient).differences(np.stack([kl[:, 0] - 0.01, kl[:, 1]], axis=1), [(0, 1), (1, 0)])
    assert found.won[0] == pytest.approx(np.mean(drawn), abs=0.05)
    assert found.won.sum() == pytest.approx(1)


def test_differences_are_of_the_rows_that_both_scored() -> None:
    random = np.random.default_rng(4)
    patient = np.repeat(np.arange(12), 5)
    kl = random.exponential(size=(60, 4))
    for model, missing in enumerate([[], [0, 1], [1, 2, 30], [0, 1]]):
        kl[missing, model] = np.nan
    pairs = list(combinations(range(4), 2))
    drawn = Bootstrap(patient)
    found = drawn.differences(kl, pairs)
    for place, (one, other) in enumerate(pairs):
        both = ~np.isnan(kl[:, [one, other]]).any(axis=1)
        assert found.rows[place] == both.sum()
        assert found.value[place] == pytest.approx((kl[both, one] - kl[both, other]).mean())
        alone = drawn.means((kl[:, one] - kl[:, other])[:, None])
        assert (found.low[place], found.high[place]) == pytest.approx((alone.low[0], alone.high[0]))
        assert found.won[place] == alone.won[0]


def test_a_pairing_that_nobody_has_seen_is_unknown_and_identical_models_are_noise() -> None:
    kl = np.random.default_rng(5).exponential(size=(20, 3))
    kl[:10, 0], kl[10:, 1] = np.nan, np.nan
    found = Bootstrap(np.arange(20)).differences(np.column_stack([kl, kl[:, 2]]), [(0, 1), (2, 3)])
    assert found.rows.tolist() == [0, 20]
    assert np.isnan([found.value[0], found.low[0], found.won[0]]).all()
    assert (found.value[1], found.low[1], found.high[1], found.won[1]) == (0, 0, 0, 0.5)
    assert found.noise.tolist() == [True, True]


def test_nearly_equal_scores_lose_nothing_to_rounding() -> None:
    """A large mean leaves the interval as it is."""
    random = np.random.default_rng(10)
    patient, kl, _ = two_models(random, 50)
    drawn = Bootstrap(patient)
    plain, raised = drawn.means(kl), drawn.means(1e6 + kl)
    np.testing.assert_allclose(raised.high - raised.low, plain.high - plain.low, rtol=1e-6)
    constant = drawn.means(np.full((len(kl), 1), 0.7))
    assert (constant.low[0], constant.high[0]) == pytest.approx((0.7, 0.7), abs=1e-12)


def test_one_patient_has_no_interval() -> None:
    found = Bootstrap(np.zeros(5)).means(np.ones((5, 1)))
    assert (found.value[0], found.patients[0]) == (1, 1)
    assert np.isnan([found.low[0], found.high[0], found.won[0]]).all()


def test_excess_of_a_slice_by_hand() -> None:
    """Two slices that share no patient, whose patients have a row each: the variances of both means add up."""
    random = np.random.default_rng(6)
    kl = random.gamma(4, 0.1, size=(600, 2))
    inside = np.arange(600) < 200
    found = Bootstrap(np.arange(600)).excess(kl, inside)
    np.testing.assert_allclose(found.value, kl[inside].mean(axis=0) - kl[~inside].mean(axis=0))
    error = np.sqrt(kl[inside].var(axis=0) / 200 + kl[~inside].var(axis=0) / 400)
    np.testing.assert_allclose(found.high - found.value, 1.96 * error, rtol=0.08)
    assert found.rows.tolist() == [200, 200]


def test_excess_is_paired_within_patients() -> None:
    """Where each patient has both kinds of row and is hard or easy on both, the slices differ by less than either."""
    random = np.random.default_rng(7)
    patient = np.repeat(np.arange(60), 2)
    kl = (np.repeat(random.exponential(size=60), 2) + random.normal(0, 0.01, 120))[:, None]
    inside = np.arange(120) % 2 == 0
    drawn = Bootstrap(patient)
    excess, alone = drawn.excess(kl, inside), drawn.means(kl, inside)
    assert (excess.high - excess.low)[0] < 0.1 * (alone.high - alone.low)[0]
    differences = kl[inside, 0] - kl[~inside, 0]
    assert (excess.high - excess.value)[0] == pytest.approx(2.0 * differences.std() / np.sqrt(60), rel=0.15)


def test_many_rows_on_their_own_are_grouped_without_changing_the_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    kl = np.random.default_rng(8).exponential(size=(3000, 1))
    each = Bootstrap(np.arange(3000)).means(kl)
    monkeypatch.setattr(bootstrap, "MOST_UNITS", 300)
    grouped = Bootstrap(np.arange(3000)).means(kl)
    assert (grouped.high - grouped.low)[0] == pytest.approx((each.high - each.low)[0], rel=0.1)
    assert grouped.value[0] == pytest.approx(kl.mean())
