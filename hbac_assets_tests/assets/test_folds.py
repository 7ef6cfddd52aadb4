import pandas as pd
import pytest

from hbac_assets.assets.folds import fold_rows
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


@pytest.mark.parametrize("sampling", ["first_per_spectrogram", "one_per_eeg", "all"])
def test_an_unusable_file_takes_its_rows_along_and_no_others(train: pd.DataFrame, sampling: str) -> None:
    mine = experiment(sampling=sampling)
    whole = fold_rows(train, train["eeg_id"] > 0, mine)
    victims = whole["eeg_id"].iloc[[0, 7]]
    rest = fold_rows(train, ~train["eeg_id"].isin(victims), mine)
    expected = whole[~whole["eeg_id"].isin(victims)].reset_index(drop=True)
    assert len(expected) < len(whole)
    pd.testing.assert_frame_equal(rest, expected)


def test_few_rows_come_from_all_folds_and_are_usable(train: pd.DataFrame) -> None:
    usable = train["eeg_id"] != train["eeg_id"].iloc[0]
    rows = fold_rows(train, usable, experiment(max_rows=9))
    assert rows["fold"].value_counts().to_dict() == {0: 3, 1: 3, 2: 3}
    assert rows["label_id"].isin(train["label_id"][usable]).all()
