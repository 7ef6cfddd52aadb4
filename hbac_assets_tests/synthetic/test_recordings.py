import numpy as np
import pandas as pd
import pytest

from hbac_assets.labels import PROBABILITY_COLUMNS, VOTE_COLUMNS
from hbac_assets.synthetic.recordings import plan
from hbac_assets.synthetic.settings import SyntheticSettings
from hbac_assets.synthetic.tables import train_table, truth_table

LARGE = SyntheticSettings(seed=3, recordings=1_500)


@pytest.fixture(scope="module")
def recordings():
    return plan(LARGE)


@pytest.fixture(scope="module")
def train(recordings) -> pd.DataFrame:
    return train_table([recording for recording in recordings if recording.split == "train"])


@pytest.fixture(scope="module")
def truth(recordings) -> pd.DataFrame:
    return truth_table([recording for recording in recordings if recording.split == "train"])


@pytest.fixture(scope="module")
def votes(train: pd.DataFrame) -> pd.Series:
    """How many experts voted on each row."""
    return pd.Series(train[list(VOTE_COLUMNS)].sum(axis=1))


def test_the_default_is_no_toy():
    default = SyntheticSettings()
    assert default.recordings >= 240
    assert default.patients >= 60


def test_sizes_and_patients(recordings, train):
    assert train["spectrogram_id"].nunique() == LARGE.recordings
    assert train["patient_id"].nunique() == LARGE.patients
    assert train.groupby("patient_id")["spectrogram_id"].nunique().max() >= 10
    test = [recording for recording in recordings if recording.split == "test"]
    assert len(test) == LARGE.test_recordings
    assert not {recording.patient.id for recording in test} & set(train["patient_id"])


def test_ids_do_not_repeat(recordings, train):
    eegs = [excerpt.eeg_id for recording in recordings for excerpt in recording.excerpts]
    assert len(set(eegs)) == len(eegs)
    assert len({recording.spectrogram_id for recording in recordings}) == len(recordings)
    assert train["label_id"].is_unique
    assert train["spectrogram_id"].max() < 2**31


def test_several_rows_for_an_eeg_and_a_spectrogram(train):
    rows = train.groupby("eeg_id").size()
    assert rows.median() in (2, 3, 4)
    assert rows.min() == 1
    assert rows.max() > 10
    assert train.groupby("spectrogram_id")["eeg_id"].nunique().max() == 2
    for group, number in (("eeg_id", "eeg_sub_id"), ("spectrogram_id", "spectrogram_sub_id")):
        assert (train[number] == train.groupby(group).cumcount()).all()


def test_offsets_are_even_seconds_within_the_recording(recordings, train):
    for column in ("eeg_label_offset_seconds", "spectrogram_label_offset_seconds"):
        assert train[column].dtype == float
        assert (train[column] % 2 == 0).all()
        assert train[column].min() == 0
    seconds = {recording.spectrogram_id: recording.seconds for recording in recordings}
    ends = train["spectrogram_label_offset_seconds"] + 600
    assert (ends <= train["spectrogram_id"].map(seconds)).all()


def test_both_windows_of_a_row_have_the_same_middle(recordings):
    for recording in recordings:
        for excerpt in recording.excerpts:
            eeg_middles = excerpt.start + excerpt.offsets + 25
            np.testing.assert_array_equal(eeg_middles, excerpt.spectrogram_offsets + 300)
            assert 50 <= excerpt.seconds <= 90


def test_class_priors_of_the_two_populations(train, votes):
    shares = train[list(VOTE_COLUMNS)].div(votes, axis=0)
    many, few = shares[votes >= 10].mean().to_numpy(), shares[votes <= 7].mean().to_numpy()
    assert set(votes.unique()) <= {*range(1, 8), *range(10, 29)}
    np.testing.assert_allclose(many, [0.052, 0.189, 0.124, 0.083, 0.088, 0.465], atol=0.04)
    assert few[0] == pytest.approx(0.41, abs=0.06)


def test_readers_disagree_as_much_as_real_ones(truth, votes):
    probabilities = truth.loc[votes >= 10, list(PROBABILITY_COLUMNS)].to_numpy()
    entropy = -(probabilities * np.log(probabilities)).sum(axis=1).mean()
    assert 0.55 < entropy < 0.75


def test_votes_come_from_the_true_probabilities(train, truth, votes):
    shares = train[list(VOTE_COLUMNS)].div(votes, axis=0).to_numpy()
    np.testing.assert_allclose(shares.mean(axis=0), truth[list(PROBABILITY_COLUMNS)].mean(), atol=0.02)
    largest = truth[list(PROBABILITY_COLUMNS)].to_numpy().argmax(axis=1)
    many = votes.to_numpy() >= 10
    assert np.mean(shares.argmax(axis=1)[many] == largest[many]) > 0.85


def test_some_eegs_have_rows_with_different_votes(train):
    differs = train.groupby("eeg_id")[list(VOTE_COLUMNS)].nunique().max(axis=1) > 1
    assert 0.03 < differs.mean() < 0.25


def test_the_plan_depends_on_the_seed_alone(recordings):
    again = plan(LARGE)
    assert [one.spectrogram_id for one in again] == [one.spectrogram_id for one in recordings]
    np.testing.assert_array_equal(again[7].course.amplitude, recordings[7].course.amplitude)
    other = plan(SyntheticSettings(seed=4, recordings=20))
    assert not {one.spectrogram_id for one in other} & {one.spectrogram_id for one in recordings}


def test_no_two_recordings_share_their_random_numbers(recordings):
    waverings = {tuple(recording.course.frequency[:5]) for recording in recordings}
    assert len(waverings) == len(recordings)
