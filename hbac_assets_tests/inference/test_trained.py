"""The submitted ensemble of a trained store as a function of windows."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from hbac_assets.inference.kaggle_folder import KaggleFolder
from hbac_assets.inference.predictor import Predictor
from hbac_assets.inference.trained import open_trained
from hbac_assets.labels import VOTE_COLUMNS
from hbac_assets.lineage import Lineage
from hbac_assets.signals.window import Window


@pytest.fixture
def predictor(lineage: Lineage) -> Predictor:
    return open_trained(lineage)


@pytest.fixture
def windows(lineage: Lineage) -> list[Window]:
    folder = KaggleFolder.read(lineage.dataset.folder)
    return list(folder.windows(frozenset({"spectrogram", "eeg"}), pytest.fail))


def test_the_test_set_is_predicted_as_in_the_submission(
    lineage: Lineage, predictor: Predictor, windows: list[Window]
) -> None:
    found = predictor.predict(windows)
    expected = pd.read_csv(lineage.submission.path)[list(VOTE_COLUMNS)]
    np.testing.assert_allclose(found.probabilities, expected, atol=1e-12)
    assert [member.name for member in predictor.members] == list(lineage.submitted_members)
    assert found.members.shape == (len(windows), len(predictor.members), 6)
    np.testing.assert_allclose(found.members.sum(axis=-1), 1, rtol=1e-5)
    assert {member.reads for member in predictor.members} == {frozenset({"spectrogram"}), frozenset({"eeg"})}


@pytest.mark.parametrize("blank", [None, np.full((400, 300), np.nan, np.float32), np.zeros((400, 300), np.float32)])
def test_a_window_without_power_has_the_prior_and_changes_no_other(
    predictor: Predictor, windows: list[Window], blank: np.ndarray | None
) -> None:
    whole = predictor.predict(windows[:3])
    found = predictor.predict([windows[0], replace(windows[1], spectrogram=blank, eeg=None), windows[2]])
    np.testing.assert_allclose(found.probabilities[1], predictor.prior)
    assert np.isnan(found.members[1]).all()
    np.testing.assert_allclose(found.probabilities[[0, 2]], whole.probabilities[[0, 2]], atol=1e-6)


def test_without_windows_there_are_no_predictions(predictor: Predictor) -> None:
    assert predictor.predict([]).probabilities.shape == (0, 6)
