import numpy as np
import pandas as pd
import pytest

from hbac_assets.labels import PROBABILITY_COLUMNS, VOTE_COLUMNS
from hbac_assets.synthetic import recordings as recordings_module
from hbac_assets.synthetic.latents import draw_course
from hbac_assets.synthetic.readers import POPULATIONS
from hbac_assets.synthetic.recordings import plan, spectrogram_files
from hbac_assets.synthetic.settings import SyntheticSettings
from hbac_assets.synthetic.tables import train_table, truth_table
from hbac_assets.synthetic.votes import draw_votes

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
    assert 500 <= default.recordings <= 2_000
    assert default.patients >= 60


def test_sizes_and_patients(recordings, train):
    assert train["spectrogram_id"].nunique() == LARGE.recordings
    assert train["patient_id"].nunique() == LARGE.patients
    assert train.groupby("patient_id")["spectrogram_id"].nunique().max() >= 30
    test = [recording for recording in recordings if recording.split == "test"]
    assert len(test) == LARGE.test_recordings
    assert not {recording.patient.id for recording in test} & set(train["patient_id"])


def test_ids_do_not_repeat(recordings, train):
    eegs = [excerpt.eeg_id for recording in recordings for excerpt in recording.excerpts]
    assert len(set(eegs)) == len(eegs)
    assert len({recording.spectrogram_id for recording in recordings}) == LARGE.recordings + LARGE.test_recordings
    assert len({(recording.split, recording.index) for recording in recordings}) == len(recordings)
    assert train["label_id"].is_unique
    assert train["spectrogram_id"].max() < 2**31


def test_several_rows_for_an_eeg_and_a_spectrogram(train):
    rows = train.groupby("eeg_id").size()
    assert rows.min() == 1
    assert train.groupby("spectrogram_id")["eeg_id"].nunique().max() >= 10
    for group, number in (("eeg_id", "eeg_sub_id"), ("spectrogram_id", "spectrogram_sub_id")):
        assert (train[number] == train.groupby(group).cumcount()).all()


def test_offsets_are_whole_seconds_within_the_file(recordings, train):
    for column in ("eeg_label_offset_seconds", "spectrogram_label_offset_seconds"):
        assert train[column].dtype == float
        assert (train[column] % 1 == 0).all()
        assert train[column].min() == 0
    assert (train["eeg_label_offset_seconds"] % 2 == 0).all()
    files = spectrogram_files([recording for recording in recordings if recording.split == "train"])
    seconds = {file[0].spectrogram_id: sum(recording.seconds for recording in file) for file in files}
    ends = train["spectrogram_label_offset_seconds"] + 600
    assert (ends <= train["spectrogram_id"].map(seconds)).all()


def test_recordings_are_appended_without_a_gap_some_at_an_odd_second(recordings, train):
    appended = [file for file in spectrogram_files(recordings) if len(file) > 1]
    assert 10 < len(appended) < 80
    assert max(map(len, appended)) <= 1 + LARGE.most_appended
    odd = 0
    for file in appended:
        ends = np.cumsum([recording.seconds for recording in file])
        assert [recording.spectrogram_start for recording in file] == [0, *ends[:-1]]
        assert len({(recording.split, recording.patient.id) for recording in file}) == 1
        rows = train[train["spectrogram_id"] == file[0].spectrogram_id]
        starts = rows["spectrogram_label_offset_seconds"]
        assert starts.is_monotonic_increasing
        assert (starts[starts >= ends[0]] % 2 == ends[0] % 2).all()
        odd += ends[0] % 2
    assert 0 < odd < len(appended) / 2


def test_small_sets_are_spared_the_longest_files():
    assert all(recording.spectrogram_start == 0 for recording in plan(SyntheticSettings(recordings=79)))
    files = spectrogram_files(plan(SyntheticSettings()))
    assert max(sum(recording.seconds for recording in file) for file in files) < 15_000


def test_both_windows_of_a_row_have_the_same_middle(recordings):
    for recording in recordings:
        for excerpt in recording.excerpts:
            eeg_middles = excerpt.start + excerpt.offsets + 25
            np.testing.assert_array_equal(eeg_middles, excerpt.spectrogram_offsets + 300)
            assert excerpt.start + excerpt.seconds <= recording.seconds


def test_every_population_votes_and_no_other(votes, recordings):
    assert set(votes.unique()) <= {*range(1, 8), *range(10, 29)}
    assert {1, 2, 3, 5, 10, 15} <= set(votes.unique())
    test = [excerpt.votes for recording in recordings if recording.split == "test" for excerpt in recording.excerpts]
    assert np.concatenate(test).sum(axis=1).min() >= 10


def test_votes_come_from_the_true_probabilities(train, truth, votes):
    shares = train[list(VOTE_COLUMNS)].div(votes, axis=0).to_numpy()
    np.testing.assert_allclose(shares.mean(axis=0), truth[list(PROBABILITY_COLUMNS)].mean(), atol=0.02)
    largest = truth[list(PROBABILITY_COLUMNS)].to_numpy().argmax(axis=1)
    many = votes.to_numpy() >= 10
    assert np.mean(shares.argmax(axis=1)[many] == largest[many]) > 0.85


def test_votes_drawn_anew_from_the_same_state_have_the_true_probabilities_on_average(recordings):
    for recording in [recording for recording in recordings if recording.split == "train"][:6]:
        for excerpt in recording.excerpts:
            log_odds = recording.course.log_odds(excerpt.middles)
            least = [population.least_votes for population in POPULATIONS]
            population = POPULATIONS[np.searchsorted(least, excerpt.votes[0].sum(), side="right") - 1]
            rng = np.random.default_rng(0)
            drawn = np.stack([draw_votes(rng, population, log_odds)[0] for _ in range(600)])
            fractions = drawn / drawn.sum(axis=-1, keepdims=True)
            np.testing.assert_allclose(fractions.mean(axis=0), excerpt.probabilities, atol=0.08)


def test_the_plan_depends_on_the_seed_alone(recordings):
    again = plan(LARGE)
    assert [one.spectrogram_id for one in again] == [one.spectrogram_id for one in recordings]
    np.testing.assert_array_equal(again[7].course.amplitude, recordings[7].course.amplitude)
    other = plan(SyntheticSettings(seed=4, recordings=20))
    assert not {one.spectrogram_id for one in other} & {one.spectrogram_id for one in recordings}


def test_no_two_recordings_share_their_random_numbers(recordings):
    waverings = {tuple(recording.course.frequency[:5]) for recording in recordings}
    assert len(waverings) == len(recordings)


def test_other_courses_leave_places_and_panels_as_they_are(monkeypatch):
    settings = SyntheticSettings(seed=5, recordings=12)
    before = train_table(plan(settings))

    def drawn_otherwise(rng, *arguments, **named):
        rng.random(7)
        return draw_course(rng, *arguments, **named)

    monkeypatch.setattr(recordings_module, "draw_course", drawn_otherwise)
    after = train_table(plan(settings))
    same = [column for column in before if column not in {"expert_consensus", *VOTE_COLUMNS}]
    pd.testing.assert_frame_equal(after[same], before[same])
    first = before.drop_duplicates("eeg_id").index
    counts = [table.loc[first, list(VOTE_COLUMNS)].sum(axis=1) for table in (before, after)]
    assert (counts[0] == counts[1]).mean() > 0.5
    assert not before[list(VOTE_COLUMNS)].equals(after[list(VOTE_COLUMNS)])
