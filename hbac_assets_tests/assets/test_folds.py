import pandas as pd
import pytest

from hbac_assets.assets.folds import sampled_rows
from hbac_assets.competition.folds import limited
from hbac_assets.competition.metadata import enrich
from hbac_assets.experiments.schema import Experiment
from hbac_assets.synthetic.recordings import plan
from hbac_assets.synthetic.settings import SyntheticSettings
from hbac_assets.synthetic.tables import train_table


@pytest.fixture(scope="module")
def train() -> pd.DataFrame:
    recordings = plan(SyntheticSettings(recordings=48))
    return enrich(train_table([recording for recording in recordings if recording.split == "train"]))


def experiment(**settings: object) -> Experiment:
    members = {"one": {"backbone": "mobilenet_v3_small"}}
    return Experiment.model_validate({"name": "mine", "description": "", "folds": 3, "members": members, **settings})


def test_few_rows_come_from_all_folds(train: pd.DataFrame) -> None:
    rows = limited(sampled_rows(train, experiment()), 9)
    assert rows["fold"].value_counts().to_dict() == {0: 3, 1: 3, 2: 3}


@pytest.mark.parametrize("sampling", ["first_per_spectrogram", "one_per_eeg", "one_per_eeg_and_votes", "all"])
def test_every_rule_sees_the_same_folds(train: pd.DataFrame, sampling: str) -> None:
    rows = sampled_rows(train, experiment(sampling=sampling))
    folds = (
        sampled_rows(train, experiment(sampling="all")).drop_duplicates("patient_id").set_index("patient_id")["fold"]
    )
    assert (rows["fold"] == rows["patient_id"].map(folds)).all()
