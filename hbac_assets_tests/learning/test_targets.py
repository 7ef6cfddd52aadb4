import numpy as np
import pandas as pd

from hbac_assets.labels import VOTE_COLUMNS
from hbac_assets.learning.targets import targets

ROWS = pd.DataFrame(
    [("LPD", 1, 3, 0, 0, 0, 0), ("Other", 0, 0, 0, 0, 2, 6)], columns=["expert_consensus", *VOTE_COLUMNS]
)


def test_consensus_is_one_hot() -> None:
    assert targets(ROWS, "consensus").tolist() == [[0, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 1]]


def test_votes_become_fractions() -> None:
    shares = targets(ROWS, "votes")
    assert shares.dtype == np.float32
    assert shares.tolist() == [[0.25, 0.75, 0, 0, 0, 0], [0, 0, 0, 0, 0.25, 0.75]]
