import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from hbac_assets.scoring.classes import class_divergences, majority, ranking, reliability, soft_confusion
from hbac_assets.scoring.metric import kl_divergence


def table(rows: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """(N, 6) votes, and predictions that know something of them and often coincide."""
    random = np.random.default_rng(0)
    probabilities = random.dirichlet(np.full(6, 0.5), rows)
    votes = random.multinomial(random.integers(1, 15, rows), probabilities)
    predictions = np.round(0.6 * probabilities + 0.4 * random.dirichlet(np.ones(6), rows), 1)
    return votes, predictions


def test_the_majority_is_unique() -> None:
    votes = np.array([[3, 0, 0, 0], [1, 0, 2, 0], [2, 2, 0, 1], [0, 0, 0, 0.5], [1, 1, 1, 1]])
    assert majority(votes).tolist() == [0, 2, -1, 3, -1]
    thirds = np.array([[0.1 + 0.2, 0.3, 0.4 - 1e-3, 0, 0, 1e-3], [0.1 + 0.2, 0.3, 0.2, 0.1, 0.1, 0]])
    assert majority(thirds).tolist() == [2, -1]


def test_parts_of_the_classes_make_up_the_score() -> None:
    votes, predictions = table()
    shares = votes / votes.sum(axis=1, keepdims=True)
    parts = class_divergences(shares, predictions)
    assert parts.sum() == pytest.approx(kl_divergence(shares, predictions).mean())
    by_hand = class_divergences(np.array([[0.25, 0.75], [0, 1]]), np.array([[0.5, 0.5], [0.2, 0.8]]))
    np.testing.assert_allclose(by_hand, [0.125 * np.log(0.5), 0.375 * np.log(1.5) + 0.5 * np.log(1.25)])


def test_areas_agree_with_scikit_learn() -> None:
    votes, predictions = table()
    truth = majority(votes)
    assert (truth == -1).sum() > 20
    found = ranking(truth, predictions)
    known = truth != -1
    for number in range(6):
        right, given = truth[known] == number, predictions[known, number]
        assert len(np.unique(given)) < 12  # ties
        assert found.auroc[number] == pytest.approx(roc_auc_score(right, given))
        assert found.auprc[number] == pytest.approx(average_precision_score(right, given))


def test_a_class_that_is_nobodys_majority_has_no_area() -> None:
    found = ranking(np.array([0, 0, 1, -1]), np.random.default_rng(1).dirichlet(np.ones(3), 4))
    assert np.isnan([found.auroc[2], found.auprc[2]]).all()
    assert np.isfinite([found.auroc[:2], found.auprc[:2]]).all()
    assert np.isnan(ranking(np.array([1, 1]), np.full((2, 2), 0.5)).auroc).all()


def test_soft_confusion_by_hand() -> None:
    shares = np.array([[1, 0, 0], [0.5, 0.5, 0]])
    predictions = np.array([[0.8, 0.1, 0.1], [0.4, 0.6, 0.0]])
    expected = [[(0.8 + 0.2) / 1.5, (0.1 + 0.3) / 1.5, 0.1 / 1.5], [0.4, 0.6, 0.0], [np.nan] * 3]
    np.testing.assert_allclose(soft_confusion(shares, predictions), expected)


def test_soft_confusion_of_whole_votes_is_a_mean_over_votes() -> None:
    votes, predictions = table()
    shares = np.eye(6)[majority(votes)[majority(votes) >= 0]]
    given = predictions[majority(votes) >= 0]
    by_class = [given[shares[:, number] == 1].mean(axis=0) for number in range(6)]
    np.testing.assert_allclose(soft_confusion(shares, given), by_class)


def test_reliability_agrees_with_scikit_learn() -> None:
    from sklearn.calibration import calibration_curve

    random = np.random.default_rng(2)
    predictions = random.random((3000, 2))
    voted = random.random((3000, 2)) < predictions**2
    found = reliability(voted.astype(float), predictions)
    for number in range(2):
        fractions, means = calibration_curve(voted[:, number], predictions[:, number], n_bins=10)
        np.testing.assert_allclose(found.voted[number], fractions)
        np.testing.assert_allclose(found.predicted[number], means)
    assert found.rows.sum(axis=1).tolist() == [3000, 3000]


def test_reliability_at_the_edges_by_hand() -> None:
    found = reliability(np.array([[1.0], [0.5], [0.0]]), np.array([[1.0], [0.95], [-0.01]]))
    assert found.rows[0].tolist() == [1, 0, 0, 0, 0, 0, 0, 0, 0, 2]
    assert (found.predicted[0, 9], found.voted[0, 9]) == pytest.approx((0.975, 0.75))
    assert np.isnan(found.voted[0, 1:9]).all()
