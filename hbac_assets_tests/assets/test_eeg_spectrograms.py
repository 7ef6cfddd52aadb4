from pathlib import Path

import pandas as pd
import pytest

from hbac_assets.assets.eeg_spectrograms import refuse_failures, require_folders
from hbac_assets.errors import HbacError
from hbac_assets.experiments.schema import Experiment
from hbac_assets.lineage import Dataset, Lineage

WINDOWS = pd.DataFrame({"split": ["train"] * 98 + ["test"] * 2, "eeg_id": range(100)})


def failures(*eeg_ids: int) -> pd.DataFrame:
    return pd.DataFrame({"eeg_id": eeg_ids, "reason": [f"{one}.parquet: found none" for one in eeg_ids]})


def test_a_few_unreadable_eegs_are_tolerated() -> None:
    refuse_failures(failures(5), WINDOWS, 0.01)
    with pytest.raises(HbacError, match=r"eeg_spectrograms: 2 of 100 files are unreadable, .*the first: 5\.parquet"):
        refuse_failures(failures(5, 7), WINDOWS, 0.01)


def test_one_of_the_test_set_is_not_whatever_is_tolerated() -> None:
    with pytest.raises(HbacError, match=r"no submission without the test set: 99\.parquet"):
        refuse_failures(failures(5, 99), WINDOWS, 1.0)


@pytest.mark.parametrize("absent", ["train_eegs", "test_eegs"])
def test_absent_folders_are_named_with_the_members_that_need_them(tmp_path: Path, absent: str) -> None:
    for folder in {"train_eegs", "test_eegs"} - {absent}:
        (tmp_path / folder).mkdir()
    preprocessing = {"plain": {}, "mel": {"input": "eeg"}, "both": {"input": "both"}}
    members = {
        name: {"backbone": "mobilenet_v3_small", "preprocessing": settings} for name, settings in preprocessing.items()
    }
    mine = Experiment.model_validate({"name": "mine", "description": "", "members": members})
    lineage = Lineage(tmp_path, Dataset("kaggle", tmp_path, "0" * 16), mine)
    line = rf"{absent}: expected a folder of EEG files, which mel, both of mine learn from, found none; complete"
    with pytest.raises(HbacError, match=line):
        require_folders(lineage)
    (tmp_path / absent).mkdir()
    require_folders(lineage)
