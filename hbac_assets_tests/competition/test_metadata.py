import numpy as np
import pandas as pd
import pytest

from hbac_assets.competition.metadata import SHARE_COLUMNS, agreement, enrich
from hbac_assets.labels import VOTE_COLUMNS

# In the order Seizure, LPD, GPD, LRDA, GRDA, Other.
CATEGORIES = [
    ([3, 0, 0, 0, 0, 0], "idealized"),
    ([15, 1, 1, 1, 1, 1], "idealized"),  # three quarters
    ([14, 6, 0, 0, 0, 0], "mixed"),  # neither three quarters nor a third
    ([0, 0, 0, 0, 1, 1], "proto"),
    ([0, 2, 0, 0, 0, 1], "proto"),  # a third on Other
    ([0, 1, 0, 0, 0, 2], "proto"),
    ([1, 1, 0, 0, 0, 0], "edge"),
    ([5, 3, 1, 0, 0, 0], "edge"),  # 8 of 9 on two
    ([4, 3, 1, 1, 0, 0], "mixed"),  # 7 of 9 on two
    ([1, 1, 1, 0, 0, 0], "mixed"),
    ([0, 0, 0, 0, 0, 7], "idealized"),
]


@pytest.mark.parametrize(("votes", "category"), CATEGORIES)
def test_agreement(votes: list[int], category: str) -> None:
    assert agreement(np.array([votes])).tolist() == [category]


def test_enriched_columns(train: pd.DataFrame) -> None:
    before = train.copy()
    rows = enrich(train)
    assert rows["vote_count"].tolist() == [4] * len(train)
    np.testing.assert_allclose(rows[list(SHARE_COLUMNS)], train[list(VOTE_COLUMNS)] / 4)
    assert rows["lpd_share"].iloc[0] == 0.25
    pd.testing.assert_frame_equal(train, before)
