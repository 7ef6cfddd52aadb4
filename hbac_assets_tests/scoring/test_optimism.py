"""Choosing an epoch on the scored rows, compared with choosing it on the others."""

import numpy as np
import pytest

from hbac_assets.scoring.optimism import epoch_choice


def test_by_hand_with_folds_of_unlike_sizes() -> None:
    losses = [np.array([0.9, 0.5, 0.6]), np.array([0.8, 0.7, 0.4]), np.array([1.0, 0.3, 0.5])]
    found = epoch_choice(losses, [10, 20, 30])
    assert found.on_scored_fold == pytest.approx((10 * 0.5 + 20 * 0.4 + 30 * 0.3) / 60)
    # Fold 0: the others' means are (20·0.8 + 30·1.0)/50, 0.46, 0.46, the first of equals; 1: epoch 1; 2: (0.63, 0.47).
    assert found.on_other_folds == pytest.approx((10 * 0.5 + 20 * 0.7 + 30 * 0.5) / 60)
    assert found.optimism == pytest.approx(found.on_other_folds - found.on_scored_fold)


def test_where_the_epochs_differ_by_chance_alone_the_nested_loss_is_the_mean() -> None:
    rng = np.random.default_rng(0)
    chosen = [epoch_choice([rng.normal(0.5, 0.01, 20) for _ in range(5)], [1] * 5) for _ in range(400)]
    assert np.mean([one.on_other_folds for one in chosen]) == pytest.approx(0.5, abs=0.001)
    # The expected lowest of twenty draws lies 1.867 standard deviations below the mean.
    assert np.mean([one.optimism for one in chosen]) == pytest.approx(0.01867, abs=0.001)


def test_the_fold_itself_does_not_choose() -> None:
    losses = [np.array([0.9, 0.5, 0.6]), np.array([0.8, 0.7, 0.4])]
    changed = [np.array([0.0, 0.5, 0.6]), losses[1]]
    before, after = epoch_choice(losses, [1, 1]), epoch_choice(changed, [1, 1])
    assert after.on_scored_fold == pytest.approx(before.on_scored_fold - 0.25)
    assert before.on_other_folds == pytest.approx((0.6 + 0.7) / 2)
    assert after.on_other_folds == pytest.approx((0.6 + 0.8) / 2)  # fold 0 is scored as before


def test_a_fold_that_ended_early_counts_with_its_last_epoch() -> None:
    found = epoch_choice([np.array([0.9, 0.5]), np.array([0.8, 0.7, 0.6, 0.4])], [1, 1])
    assert found.on_other_folds == pytest.approx((0.5 + 0.7) / 2)
