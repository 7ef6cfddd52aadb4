"""What the log says of an epoch while a cell trains."""

import numpy as np
import pytest

from hbac_assets.assets.cell import epoch_line, seconds_left
from hbac_assets.learning.checkpoint import EpochRecord
from hbac_assets.learning.epoch_plans import EpochPlan, plan_epochs
from hbac_assets.learning.settings import MemberSettings
from hbac_assets.lineage import Cell

TARGETS, VOTES = np.full((40, 6), 1 / 6, dtype=np.float32), np.repeat([3, 12], [32, 8])


def plans(*stages: dict) -> list[EpochPlan]:
    content = {"backbone": "mobilenet_v3_small", "batch_size": 8, "epochs": 2, "stages": stages}
    return list(plan_epochs(MemberSettings.model_validate(content), TARGETS, VOTES))


def record(epoch: int, stage: int) -> EpochRecord:
    """An epoch of 5 steps of 8 images in 2 s, validated in 3 s."""
    return EpochRecord(epoch, 1.0, 0.9, 1e-3, seconds=5.0, images_per_second=20.0, stage=stage)


def test_the_time_left_counts_the_steps_of_later_stages() -> None:
    staged = plans({}, {"min_votes": 10, "epochs": 3})
    assert seconds_left(staged, record(1, 1)) == pytest.approx(2 + 3 * 0.4 + 4 * 3)
    assert seconds_left(staged, record(2, 1)) == pytest.approx(3 * 0.4 + 3 * 3)
    assert seconds_left(plans(), record(1, 1)) == pytest.approx(5)
    assert seconds_left(plans(), record(2, 1)) == 0


def test_the_line_of_an_epoch_runs_across_stages_and_names_them_where_there_are_several() -> None:
    cell = Cell("small", 0)
    assert epoch_line(cell, record(1, 1), plans()).startswith("small fold 0: epoch 1/2, loss 1.0000, val_loss 0.9000, ")
    staged = plans({}, {"min_votes": 10, "epochs": 3})
    assert epoch_line(cell, record(4, 2), staged).startswith("small fold 0: stage 2/2, epoch 4/5, loss 1.0000, ")
