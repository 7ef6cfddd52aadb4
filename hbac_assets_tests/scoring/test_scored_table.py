import numpy as np
import pandas as pd
import pytest

from hbac_assets.competition.folds import sample_rows
from hbac_assets.labels import PROBABILITY_COLUMNS, VOTE_COLUMNS
from hbac_assets.scoring.evaluation import evaluate
from hbac_assets.scoring.metric import kl_divergence
from hbac_assets.scoring.scored_table import ScoredTable
from hbac_assets.synthetic.recordings import plan
from hbac_assets.synthetic.settings import SyntheticSettings
from hbac_assets.synthetic.tables import train_table, truth_table


def test_sums_are_brought_down_to_a_vote_for_each_expert() -> None:
    sums = np.array([[9, 0, 0, 0, 0, 3], [5, 4, 0, 0, 0, 0], [1, 1, 1, 0, 0, 0], [0, 0, 0, 0, 0, 7]])
    found = ScoredTable(sums, vote_counts=np.array([4, 3, 2, 7])).expert_votes()
    assert found is not None
    assert found.tolist() == [[3, 0, 0, 0, 0, 1], [2, 1, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 7]]


@pytest.mark.parametrize("votes", [None, np.eye(6, dtype=int)])
def test_without_counts_votes_are_as_they_are(votes: np.ndarray | None) -> None:
    assert ScoredTable(votes, shares=np.eye(6)).expert_votes() is votes


def test_the_floor_of_summed_votes_is_that_of_the_experts() -> None:
    """Moments of one EEG with the same votes say no more than one of them."""
    recordings = [one for one in plan(SyntheticSettings()) if one.split == "train"]
    truth = pd.concat([train_table(recordings), truth_table(recordings)[list(PROBABILITY_COLUMNS)]], axis=1)
    same = truth.groupby("eeg_id")[list(VOTE_COLUMNS)].transform("nunique").max(axis=1) == 1
    rows = sample_rows(truth[same], "one_per_eeg")
    votes, counts = rows[list(VOTE_COLUMNS)].to_numpy(), rows["vote_count"].to_numpy()
    assert (votes.sum(axis=1) > counts).mean() > 0.5
    probabilities = rows[list(PROBABILITY_COLUMNS)].to_numpy()
    table = ScoredTable(votes, vote_counts=counts, patients=rows["patient_id"].to_numpy())
    (record,) = evaluate({"truth": probabilities}, table).models
    assert record["mean"] == pytest.approx(kl_divergence(table.vote_shares(), probabilities).mean())
    assert record["floor_low"] < record["mean"] < record["floor_high"]
    assert record["floor"] == pytest.approx(record["mean"], rel=0.15)
    assert record["closed"] == pytest.approx(1, abs=0.03)
