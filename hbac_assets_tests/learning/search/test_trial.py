from statistics import fmean

import pytest

from hbac_assets.learning.search.settings import Ranges
from hbac_assets.learning.search.trial import shortened, train_trial, tuned
from hbac_assets.learning.settings import MemberSettings
from hbac_assets_tests.learning.conftest import easy_examples

VALUES = {
    "clip_low": -6.0, "clip_high": 10.0, "peak": 2e-3, "beta_1": 0.85, "beta_2": 0.97, "weight_decay": 0.01,
    "dropout": 0.3, "schedule": "constant", "normalisation": "data_wide",
}  # fmt: skip


def test_all_nine_values_take_the_place_of_the_members_own(settings):
    assert set(VALUES) == set(Ranges.model_fields)
    found = tuned(settings, VALUES)
    assert found.preprocessing.clip == (-6.0, 10.0)
    assert found.preprocessing.normalisation == "data_wide"
    assert (found.schedule.kind, found.schedule.peak) == ("constant", 2e-3)
    assert found.optimizer.model_dump() == {"beta_1": 0.85, "beta_2": 0.97, "weight_decay": 0.01}
    assert found.dropout == 0.3
    kept = {"preprocessing": {"window", "image_size"}, "schedule": {"start", "floor", "warmup_epochs"}}
    assert found.model_dump(include=kept) == settings.model_dump(include=kept)
    others = set(MemberSettings.model_fields) - {"preprocessing", "schedule", "optimizer", "dropout"}
    assert found.model_dump(include=others) == settings.model_dump(include=others)
    assert MemberSettings.model_validate(found.model_dump()) == found


def test_a_short_training_still_comes_to_its_kind_of_schedule(settings):
    changes = {"schedule": {"warmup_epochs": 5}, "early_stopping": 1}
    long = MemberSettings.model_validate({**settings.model_dump(), **changes})
    short = shortened(long, 2)
    assert (short.epochs, short.schedule.warmup_epochs, short.early_stopping) == (2, 1, None)
    assert shortened(long, 1).schedule.warmup_epochs == 0


def test_the_value_is_the_mean_of_the_folds_last_losses_and_epochs_count_on(settings, tmp_path):
    folds = [(easy_examples(24, seed=2 * fold), easy_examples(10, seed=2 * fold + 1)) for fold in (0, 1)]
    records = []
    value = train_trial(shortened(settings, 2), folds, tmp_path, records.append)
    assert [record.epoch for record in records] == [1, 2, 3, 4]
    assert records[1].val_loss != records[3].val_loss
    assert value == fmean([records[1].val_loss, records[3].val_loss])


def test_an_exception_after_an_epoch_ends_the_trial(settings, tmp_path):
    def stop(record):
        raise KeyboardInterrupt

    folds = iter([(easy_examples(24, seed=0), easy_examples(10, seed=1)), None])
    with pytest.raises(KeyboardInterrupt):
        train_trial(shortened(settings, 2), folds, tmp_path, stop)
    assert list(folds) == [None]


def test_of_stages_a_trial_trains_the_first_at_its_own_schedule(settings):
    first = {"epochs": 9, "min_votes": 10, "schedule": {"kind": "constant"}}
    staged = MemberSettings.model_validate({**settings.model_dump(), "stages": [first, {"epochs": 4}]})
    short = shortened(staged, 2)
    assert short.total_epochs == 2
    (stage,) = short.stages
    assert (stage.epochs, stage.schedule, stage.min_votes) == (None, None, 10)
