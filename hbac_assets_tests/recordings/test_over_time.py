"""The table over time: probabilities where enough is covered, the members' spread, and coverage."""

import numpy as np
import pytest

from hbac_assets.inference.predictor import Prediction
from hbac_assets.labels import PROBABILITY_COLUMNS
from hbac_assets.recordings.over_time import SD_COLUMNS, predict_over_time
from hbac_assets.recordings.windows import LEAST_COVERED
from hbac_assets.signals.multitaper import multitaper_spectrogram
from hbac_assets.signals.window import Window
from hbac_assets_tests.recordings.files import signals_of, synthetic_eeg, write_edf, write_parquet

EEG = synthetic_eeg("LPD", 700)


@pytest.fixture(scope="module")
def signals(tmp_path_factory):
    return signals_of(write_parquet(tmp_path_factory.mktemp("table") / "a.parquet", EEG))


def test_rows_are_what_the_ensemble_says_of_their_windows(signals, ensemble):
    table = predict_over_time(signals, ensemble, 50).table.set_index("middle_s")
    assert table.index.tolist() == list(range(50, 700, 50))
    power = multitaper_spectrogram(EEG.astype(np.float32))
    window = Window(EEG[325 * 200 : 375 * 200].astype(np.float32), power[:, 25:325])
    expected = ensemble.predict([window])
    row = table.loc[350]
    np.testing.assert_allclose(row[list(PROBABILITY_COLUMNS)].to_numpy(float), expected.probabilities[0], atol=1e-5)
    np.testing.assert_allclose(row[list(SD_COLUMNS)].to_numpy(float), expected.members[0].std(axis=0), atol=1e-5)
    assert row["start_s"] == 345
    assert row["members"] == 2
    assert row[["missing", "flat", "saturated"]].tolist() == [0, 0, 0]
    assert row[["covered_spectrogram", "covered_eeg"]].tolist() == [1, 1]


def test_insufficient_coverage_gives_fewer_members_or_no_probabilities(signals, ensemble):
    table = predict_over_time(signals, ensemble, 10).table.set_index("middle_s")
    blind = table["covered_spectrogram"] < LEAST_COVERED
    assert table.index[blind].tolist() == [*range(10, 160, 10), *range(550, 700, 10)]
    assert (table.loc[blind & (table["covered_eeg"] >= LEAST_COVERED), "members"] == 1).all()
    assert table.loc[[10, 690], "members"].tolist() == [0, 0]
    assert table.loc[[10, 690], list(PROBABILITY_COLUMNS)].isna().all(axis=None)
    # One member has no spread.
    np.testing.assert_array_equal(table[SD_COLUMNS[0]].isna(), table["members"] < 2)
    np.testing.assert_allclose(table.loc[table["members"] > 0, list(PROBABILITY_COLUMNS)].sum(axis=1), 1)


class Blind:
    """An ensemble of which no member can see: it answers with the prior."""

    def __init__(self, ensemble):
        self.members = ensemble.members

    def predict(self, windows):
        count = len(list(windows))
        return Prediction(np.full((count, 6), 1 / 6), np.full((count, 2, 6), np.nan))


def test_the_prior_is_no_probability(signals, ensemble):
    with pytest.raises(Exception, match="expected a signal in"):
        predict_over_time(signals, Blind(ensemble), 50)


def test_progress_rises_to_the_end(signals, kaggle_ensemble):
    said = []
    predict_over_time(signals, kaggle_ensemble, 2, lambda done, total: said.append((done, total)))
    done = [one for one, _ in said]
    assert done == sorted(done)
    assert len(done) >= 3
    assert {total for _, total in said} == {700}


def test_chunks_do_not_show(tmp_path, kaggle_ensemble, monkeypatch):
    path = write_edf(tmp_path / "a.edf", EEG)
    one = predict_over_time(signals_of(path), kaggle_ensemble, 10).table
    monkeypatch.setattr("hbac_assets.recordings.chunks.chunks.__defaults__", (200,))
    several = predict_over_time(signals_of(path), kaggle_ensemble, 10).table
    numbers = one.select_dtypes("number")
    np.testing.assert_allclose(several[numbers.columns], numbers, atol=1e-5)
