import numpy as np
import pytest

from hbac_assets.scoring.metric import kl_divergence
from hbac_assets.scoring.references import band_powers, class_prior, closed_fraction, logistic_regression
from hbac_assets.signals.spectrogram_grid import FREQUENCIES


def shares_of(classes: np.ndarray) -> np.ndarray:
    return np.asarray(np.eye(6)[classes])


def test_prior_is_the_mean_of_the_other_folds() -> None:
    shares = shares_of(np.array([0, 1, 1, 5]))
    prior = class_prior(shares, np.array([0, 0, 1, 2]))
    np.testing.assert_array_equal(prior[0], [0, 0.5, 0, 0, 0, 0.5])
    np.testing.assert_array_equal(prior[1], prior[0])
    np.testing.assert_allclose(prior[2], [1 / 3, 1 / 3, 0, 0, 0, 1 / 3])


def test_band_powers_by_hand() -> None:
    power = np.ones((400, 300), np.float32)
    theta = (FREQUENCIES >= 4) & (FREQUENCIES < 8)
    power[100:200][theta] = np.e**2  # the second chain
    power[300:400, :150] = np.e  # the fourth chain, half of the window
    power[0] = 0  # counts as e⁻⁴: the lowest of the delta band's bins of the first chain
    expected = np.zeros((4, 4))
    expected[1, 1] = 2
    expected[3] = 0.5
    expected[0, 0] = -4 / ((FREQUENCIES >= 0.5) & (FREQUENCIES < 4)).sum()
    np.testing.assert_allclose(band_powers(power), expected.ravel(), atol=1e-6)


def separable() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """240 rows in three folds whose feature tells the class most of the time."""
    random = np.random.default_rng(0)
    classes = np.arange(240) % 6
    features = np.eye(6)[classes] * 4 + random.normal(size=(240, 6))
    return features, shares_of(classes), np.arange(240) // 6 % 3


def test_logistic_regression_learns_a_separable_class() -> None:
    features, shares, folds = separable()
    predictions = logistic_regression(features, shares, folds)
    np.testing.assert_allclose(predictions.sum(axis=1), 1)
    prior = kl_divergence(shares, class_prior(shares, folds)).mean()
    assert kl_divergence(shares, predictions).mean() < 0.3 * prior


def test_logistic_regression_fits_vote_fractions_and_not_the_leading_class() -> None:
    """With a constant feature the best prediction is the mean of the shares."""
    shares = np.tile([[0.6, 0.4, 0, 0, 0, 0], [0.6, 0, 0.4, 0, 0, 0]], (60, 1))
    predictions = logistic_regression(np.zeros((120, 2)), shares, np.arange(120) // 2 % 3)
    np.testing.assert_allclose(predictions[:, :3], [[0.6, 0.2, 0.2]] * 120, atol=0.01)


@pytest.mark.parametrize("reference", ["prior", "logistic"])
def test_no_reference_sees_the_rows_it_predicts(reference: str) -> None:
    features, shares, folds = separable()

    def predict(shares: np.ndarray) -> np.ndarray:
        return class_prior(shares, folds) if reference == "prior" else logistic_regression(features, shares, folds)

    changed = np.where((folds == 1)[:, None], shares[:, ::-1], shares)
    changed[folds == 1, 0] += 0.5
    np.testing.assert_array_equal(predict(changed)[folds == 1], predict(shares)[folds == 1])
    assert not np.allclose(predict(changed)[folds == 0], predict(shares)[folds == 0])


def test_logistic_regression_without_a_class_in_training() -> None:
    features, _, folds = separable()
    shares = shares_of(np.where(folds == 0, 5, 1))  # in no other fold does the first fold's class occur
    predictions = logistic_regression(features, shares, folds)
    assert predictions.shape == (240, 6)
    assert np.isfinite(predictions).all()


def test_closed_fraction() -> None:
    assert closed_fraction(0.6, prior=1.0, floor=0.2) == pytest.approx(0.5)
    assert closed_fraction(1.2, prior=1.0, floor=0.2) == pytest.approx(-0.25)
    assert np.isnan(closed_fraction(0.6, prior=0.2, floor=0.2))
