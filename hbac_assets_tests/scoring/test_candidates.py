"""Blends and calibrations of any predictions are fitted on other folds than those they predict."""

import numpy as np
import pytest

from hbac_assets.commands.score import KINDS
from hbac_assets.scoring.calibration import CALIBRATIONS
from hbac_assets.scoring.candidates import blended, calibrated, dealt
from hbac_assets.scoring.metric import kl_divergence
from hbac_assets.scoring.scored_table import ScoredTable

ROWS = 300


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def table(rng: np.random.Generator) -> ScoredTable:
    votes = rng.multinomial(12, rng.dirichlet(np.ones(6), ROWS))
    return ScoredTable(votes=votes, patients=np.arange(ROWS) // 3)


def too_sure(table: ScoredTable, rng: np.random.Generator) -> np.ndarray:
    """Predictions whose logits are twice what they should be."""
    logits = 2 * np.log(0.8 * table.vote_shares() + 0.2 * rng.dirichlet(np.ones(6), ROWS))
    values = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(values / values.sum(axis=1, keepdims=True))


def test_the_mean_is_the_mean_and_a_calibration_helps_overconfident_models(table, rng) -> None:
    models = {"one": too_sure(table, rng), "other": too_sure(table, rng)}
    found = blended(models, table)
    np.testing.assert_allclose(found["all: mean"], (models["one"] + models["other"]) / 2)
    scores = {name: kl_divergence(table.vote_shares(), values).mean() for name, values in found.items()}
    assert scores["all: mean + temperature"] < scores["all: mean"] - 0.01
    single = calibrated(models, table, ["temperature", "dirichlet"])
    assert set(single) == {f"{model} + {kind}" for model in models for kind in ("temperature", "dirichlet")}
    before = kl_divergence(table.vote_shares(), models["one"]).mean()
    assert kl_divergence(table.vote_shares(), single["one + temperature"]).mean() < before - 0.01


def test_the_votes_of_a_fold_do_not_reach_its_predictions(table, rng) -> None:
    models = {"one": too_sure(table, rng), "other": too_sure(table, rng)}
    fold = dealt(table.patients) == 0
    votes = table.votes.copy()
    votes[fold] = votes[fold][:, ::-1]
    changed = ScoredTable(votes=votes, patients=table.patients)
    for made in (lambda of: blended(models, of), lambda of: calibrated(models, of, ["temperature_bias"])):
        for before, after in zip(made(table).values(), made(changed).values(), strict=True):
            np.testing.assert_array_equal(before[fold], after[fold])
    assert (blended(models, table)["all: weights"][~fold] != blended(models, changed)["all: weights"][~fold]).any()


def test_rows_that_a_model_lacks_are_left_out(table, rng) -> None:
    models = {"one": too_sure(table, rng), "part": too_sure(table, rng)}
    models["part"][::2] = np.nan
    for values in blended(models, table).values():
        assert np.isnan(values[::2]).all()
        assert not np.isnan(values[1::2]).any()
    assert not np.isnan(calibrated(models, table, ["temperature"])["one + temperature"]).any()


def test_a_patient_is_in_one_fold_and_the_command_knows_every_calibration() -> None:
    patients = np.repeat(np.arange(40), 5)
    folds = dealt(patients).reshape(40, 5)
    assert (folds == folds[:, :1]).all()
    assert np.bincount(folds[:, 0]).tolist() == [8] * 5
    assert tuple(CALIBRATIONS) == KINDS
