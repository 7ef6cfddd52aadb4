import numpy as np
import pandas as pd
import pytest

from hbac_assets.competition.metadata import SHARE_COLUMNS, agreement, enrich
from hbac_assets.labels import VOTE_COLUMNS

# In the order Seizure, LPD, GPD, LRDA, GRDA, Other.
CATEGORIES = [
    ([1, 0, 0, 0, 0, 0], "idealized"),
    ([0, 0, 0, 0, 0, 7], "idealized"),
    ([9, 1, 1, 0, 0, 0], "idealized"),  # 82 %
    ([8, 2, 0, 0, 0, 0], "mixed"),  # 80 %, which is not more than 80 %
    ([0, 0, 0, 0, 1, 1], "proto"),
    ([0, 0, 0, 5, 1, 6], "proto"),
    ([0, 9, 0, 0, 0, 11], "proto"),  # 45 and 55 %: 10 points apart
    ([0, 8, 0, 0, 0, 11], "mixed"),  # 42 and 58 %
    ([1, 1, 0, 0, 0, 0], "edge"),
    ([4, 3, 1, 1, 1, 1], "edge"),  # 36 and 27 %: 9 points, though a quarter fewer
    ([4, 2, 1, 1, 1, 1], "mixed"),
    ([2, 2, 2, 0, 0, 0], "edge"),
    ([0, 0, 0, 3, 3, 3], "edge"),  # a tie with Other for second place
    ([0, 0, 0, 0, 0, 3], "idealized"),
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
