import numpy as np
import pandas as pd
import pytest

from hbac_assets.scoring.slices import agreement_scores, score, scores


def rows(patient: list[int], votes: list[int], kl: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"patient_id": patient, "vote_count": votes, "kl": kl})


def test_slices_by_hand() -> None:
    frame = rows([1, 1, 2, 3, 4, 5], [1, 2, 3, 9, 10, 28], [1.0, 2.0, 4.0, 6.0, 0.5, 1.5])
    table = scores(frame).set_index("slice")
    assert table.index.tolist() == ["all", "<3", "3-9", ">=10"]
    assert table["rows"].tolist() == [6, 2, 2, 2]
    assert table["patients"].tolist() == [5, 1, 2, 2]
    assert table["mean"].tolist() == [2.5, 1.5, 5.0, 1.0]
    # Two patients with means of 4 and 6: Student's t with one degree of freedom times a standard error of 1.
    assert (table.loc["3-9", "low"], table.loc["3-9", "high"]) == pytest.approx((5 - 12.7062, 5 + 12.7062), abs=1e-4)


def test_agreement_categories_by_hand() -> None:
    frame = rows([1, 2, 2, 3], [3, 12, 12, 12], [1.0, 2.0, 4.0, 0.5])
    table = agreement_scores(frame.assign(agreement=["mixed", "idealized", "idealized", "proto"]))
    table = table.set_index("agreement")
    assert table.index.tolist() == ["idealized", "proto", "edge", "mixed"]
    assert table["rows"].tolist() == [2, 1, 0, 1]
    assert table["patients"].tolist() == [1, 1, 0, 1]
    assert table["mean"].dropna().tolist() == [3.0, 0.5, 1.0]


def test_empty_slice_and_single_patient_are_no_errors() -> None:
    table = scores(rows([1, 1], [3, 3], [0.5, 1.0])).set_index("slice")
    assert table.loc["3-9", "mean"] == 0.75
    assert table[["low", "high"]].isna().all(axis=None)
    for name in ("<3", ">=10"):
        assert (table.loc[name, "rows"], table.loc[name, "patients"]) == (0, 0)
        assert table["mean"].isna()[name]


def test_interval_resamples_patients_and_not_rows() -> None:
    """Forty rows of each of ten patients say no more than ten rows do."""
    kl = np.random.default_rng(0).exponential(size=10)
    once = score(rows(list(range(10)), [3] * 10, list(kl)))
    often = score(rows(list(range(10)) * 40, [3] * 400, list(kl) * 40))
    assert (once["low"], once["high"]) == pytest.approx((often["low"], often["high"]))
    as_strangers = score(rows(list(range(400)), [3] * 400, list(kl) * 40))
    assert as_strangers["high"] - as_strangers["low"] < 0.3 * (often["high"] - often["low"])


def test_no_rows_at_all_are_no_error() -> None:
    empty = score(rows([], [], []))
    assert empty["rows"] == empty["patients"] == 0
    assert np.isnan([empty["mean"], empty["low"], empty["high"]]).all()


def test_seed_decides_and_any_column_will_do() -> None:
    random = np.random.default_rng(2)
    frame = rows(list(range(50)), [12] * 50, list(random.exponential(size=50))).rename(columns={"kl": "blend_kl"})
    pd.testing.assert_frame_equal(scores(frame, "blend_kl", seed=7), scores(frame, "blend_kl", seed=7))
    assert scores(frame, "blend_kl", seed=7)["low"][0] != scores(frame, "blend_kl", seed=8)["low"][0]
