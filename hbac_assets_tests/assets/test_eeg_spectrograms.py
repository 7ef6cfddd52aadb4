from pathlib import Path

import pytest

from hbac_assets.assets.eeg_spectrograms import require_folder
from hbac_assets.errors import HbacError
from hbac_assets.experiments.schema import Experiment
from hbac_assets.lineage import Dataset, Lineage


def test_an_absent_folder_is_named_with_the_members_that_need_it(tmp_path: Path) -> None:
    preprocessing = {"plain": {}, "mel": {"input": "eeg"}, "both": {"input": "both"}}
    members = {
        name: {"backbone": "mobilenet_v3_small", "preprocessing": settings} for name, settings in preprocessing.items()
    }
    members["raw"] = {"backbone": "bipolar_resnet", "preprocessing": {"input": "waveform"}}
    mine = Experiment.model_validate({"name": "mine", "description": "", "members": members})
    lineage = Lineage(tmp_path, Dataset("kaggle", tmp_path, "0" * 16, "1" * 16), mine)
    line = (
        r"train_eegs: expected a folder of EEG files, found none; mel, both, raw of mine learn from the EEG: complete"
    )
    with pytest.raises(HbacError, match=line):
        require_folder(lineage)
    (tmp_path / "train_eegs").mkdir()
    require_folder(lineage)
