import numpy as np
import pandas as pd
import pytest

from hbac_assets.errors import HbacError
from hbac_assets.labels import PROBABILITY_COLUMNS, VOTE_COLUMNS
from hbac_assets.synthetic.truth import read_truth


def divergence(shares: np.ndarray, probabilities: np.ndarray) -> float:
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(shares > 0, shares * np.log(shares / probabilities), 0)
    return float(terms.sum(axis=1).mean())


def test_the_truth_has_a_row_for_each_row_of_the_tables(folder):
    train = pd.read_csv(folder / "train.csv")
    truth = read_truth(folder, "train")
    keys = ["eeg_id", "eeg_sub_id", "spectrogram_id", "label_id", "patient_id", *VOTE_COLUMNS]
    pd.testing.assert_frame_equal(truth[keys], train[keys])
    test = pd.read_csv(folder / "test.csv")
    truth = read_truth(folder, "test")
    pd.testing.assert_frame_equal(truth[list(test.columns)], test)
    assert truth[list(VOTE_COLUMNS)].sum(axis=1).between(10, 28).all()


@pytest.mark.parametrize("split", ["train", "test"])
def test_who_knows_the_truth_scores_far_better_than_the_prior(folder, split):
    truth = read_truth(folder, split)
    votes = truth[list(VOTE_COLUMNS)].to_numpy()
    shares = votes / votes.sum(axis=1, keepdims=True)
    probabilities = truth[list(PROBABILITY_COLUMNS)].to_numpy()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    floor, prior = divergence(shares, probabilities), divergence(shares, shares.mean(axis=0))
    assert 0 < floor < prior / 2


def test_a_folder_without_truth_is_named(tmp_path):
    with pytest.raises(HbacError, match=r"truth/test\.parquet.*generate the set again"):
        read_truth(tmp_path, "test")
