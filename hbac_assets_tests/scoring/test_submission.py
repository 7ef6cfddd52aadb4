from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from hbac_assets.errors import HbacError
from hbac_assets.labels import VOTE_COLUMNS
from hbac_assets.scoring.combining import filled_up, in_context
from hbac_assets.scoring.convex import ConvexBlend
from hbac_assets.scoring.patient_context import PatientContext
from hbac_assets.scoring.submission import build, violations


@pytest.fixture
def sample() -> pd.DataFrame:
    return pd.DataFrame({"eeg_id": [3911565283, 7, 21], **dict.fromkeys(VOTE_COLUMNS, 1 / 6)})


@pytest.fixture
def submission(sample: pd.DataFrame) -> pd.DataFrame:
    shares = np.random.default_rng(0).dirichlet(np.ones(6), size=3)
    return build(["7", "21", "3911565283"], shares, sample)


def test_predictions_are_matched_by_id(sample: pd.DataFrame) -> None:
    frame = build(["7", "21", "3911565283", "99"], np.eye(6)[:4], sample)
    assert frame["eeg_id"].tolist() == [3911565283, 7, 21]
    np.testing.assert_array_equal(frame[list(VOTE_COLUMNS)], np.eye(6)[[2, 0, 1]])
    assert violations(frame, sample) == []


def test_single_precision_survives(sample: pd.DataFrame, submission: pd.DataFrame) -> None:
    single = submission.astype(dict.fromkeys(VOTE_COLUMNS, np.float32))
    assert violations(single, sample) == []


def test_absent_prediction_is_an_error(sample: pd.DataFrame) -> None:
    with pytest.raises(HbacError, match=r"each eeg_id of sample_submission\.csv, found none for 1, such as 21"):
        build(["7", "3911565283"], np.eye(6)[:2], sample)


def test_an_eeg_in_several_rows_gets_its_predictions_in_their_order_or_their_mean() -> None:
    sample = pd.DataFrame({"eeg_id": [7, 9, 7, 8, 8, 6]})
    frame = build(["7", "6", "7", "8", "9", "9"], np.eye(6), sample)
    assert frame["eeg_id"].tolist() == [7, 9, 7, 8, 8, 6]
    mean = np.eye(6)[4:].mean(axis=0)
    np.testing.assert_array_equal(frame[list(VOTE_COLUMNS)], [*np.eye(6)[[0]], mean, *np.eye(6)[[2, 3, 3, 1]]])


def test_a_missing_member_is_replaced_by_the_others_and_all_missing_by_the_prior() -> None:
    members = np.random.default_rng(0).dirichlet(np.ones(6), size=(3, 4))
    whole = members.copy()
    members[0, 1] = members[:, 2] = members[1:, 3] = np.nan
    prior = np.full(6, 1 / 6)
    blended = filled_up(members, ConvexBlend(np.array([0.5, 0.3, 0.2])), prior)
    np.testing.assert_allclose(blended[0], np.tensordot([0.5, 0.3, 0.2], whole[:, 0], 1))
    np.testing.assert_allclose(blended[1], 0.5 * whole[1:, 1].mean(axis=0) + 0.3 * whole[1, 1] + 0.2 * whole[2, 1])
    np.testing.assert_array_equal(blended[2], prior)
    np.testing.assert_allclose(blended[3], whole[0, 3])


def test_rows_of_the_prior_stay_out_of_the_patients_context() -> None:
    blended = np.random.default_rng(0).dirichlet(np.ones(6), 4)
    context = PatientContext(1.0, -0.2, 0.5, 2.0, np.zeros(6))
    patients, eegs = np.array(["ann", "ann", "ann", None], dtype=object), np.array(["1", "2", "3", "4"])
    adjusted = in_context(blended, context, patients, eegs, np.array([True, True, False, True]))
    np.testing.assert_allclose(adjusted[:2], context(blended[:2], patients[:2], eegs[:2]))
    np.testing.assert_allclose(adjusted[2:], blended[2:])
    assert not np.allclose(adjusted[:2], blended[:2], atol=0.01)


def change(row: int, column: str, value: float) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def spoil(frame: pd.DataFrame) -> pd.DataFrame:
        changed = frame.copy()
        changed.loc[row, column] = value
        return changed

    return spoil


BAD = {
    "column missing": (lambda f: f.drop(columns="lpd_vote"), ["columns: expected eeg_id, seizure_vote"]),
    "columns swapped": (lambda f: f[["eeg_id", *VOTE_COLUMNS[::-1]]], ["columns: expected"]),
    "row missing": (lambda f: f.head(2), ["rows: expected 3, found 2"]),
    "row twice": (lambda f: f.iloc[[0, 1, 2, 2]], ["rows: expected 3, found 4"]),
    "order": (lambda f: f.iloc[[0, 2, 1]], ["row 2, column eeg_id: expected 7", "found 21"]),
    "negative": (change(1, "lrda_vote", -0.1), ["row 2, column lrda_vote: expected 0 to 1, found -0.1"]),
    "NaN": (change(2, "gpd_vote", np.nan), ["row 3, column gpd_vote", "nan", "row 3: expected probabilities of sum 1"]),
    "sum": (change(0, "gpd_vote", 0.99), ["row 1: expected probabilities of sum 1"]),
    "sum by little": (
        lambda f: f.assign(seizure_vote=f["seizure_vote"] + 2e-6),
        ["row 1: expected probabilities of sum 1"],
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_violations_are_named(case: str, sample: pd.DataFrame, submission: pd.DataFrame) -> None:
    spoil, expected = BAD[case]
    found = violations(spoil(submission), sample)
    assert found
    for fragment in expected:
        assert any(fragment in line for line in found)
