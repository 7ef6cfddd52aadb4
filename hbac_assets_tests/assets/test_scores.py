"""Stored scores, read back: the evaluation of a finished store, and the optimism of its epochs."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from hbac_assets.assets.optimism import optimism_metadata
from hbac_assets.lineage import Cell
from hbac_assets.results.history import read_history
from hbac_assets.results.optimism import chosen_epochs
from hbac_assets.results.scores import evaluation, leaderboard, overall_kl, score_facts
from hbac_assets.scoring.references import CLASS_PRIOR
from hbac_assets.store.tables import read_table


def test_the_evaluation_is_that_of_the_rows(lineage) -> None:
    rows = read_table(lineage.oof)
    means = {str(member): kl for member, kl in rows.groupby("member")["kl"].mean().items()}
    found = overall_kl(lineage.oof)
    assert {member: found[member] for member in means} == pytest.approx(means, rel=1e-12)
    assert list(found.values()) == sorted(found.values())
    assert CLASS_PRIOR in found
    of_ensemble = {one["model"] for one in evaluation(lineage.ensemble).models}
    assert of_ensemble == {*lineage.experiment.members, *lineage.experiment.ensembles}


def test_the_leaderboard_says_how_far_each_model_is_behind_the_best(lineage) -> None:
    board = leaderboard(evaluation(lineage.ensemble)).set_index("model")
    best = board.index[0]
    assert np.isnan(board.loc[best, "behind_best"])
    for model, row in board.iloc[1:].iterrows():
        assert row["behind_best"] == pytest.approx(row["mean"] - board.loc[best, "mean"], abs=1e-12), model
        assert row["behind_low"] < row["behind_best"] < row["behind_high"]
        assert row["may_be_chance"] == (row["behind_low"] <= 0)


def test_models_are_matched_by_label(lineage) -> None:
    rows = read_table(lineage.oof)
    first, *others = (part for _, part in rows.groupby("member", sort=False))
    shuffled = pd.concat([first, *(part.sample(frac=1, random_state=0) for part in others)])
    assert score_facts(shuffled) == score_facts(rows)


def test_votes_summed_over_moments_count_once_for_each_expert(lineage) -> None:
    rows = read_table(lineage.oof)
    few, many = (score_facts(rows.assign(vote_count=count))["evaluation"] for count in (12, 24))
    assert few["models"][0]["mean"] == many["models"][0]["mean"]
    assert few["floor"][0]["middle"] > many["floor"][0]["middle"]


def with_best_epochs(lineage, member):
    members = lineage.experiment.members
    best = members[member].model_copy(update={"scored_epoch": "best"})
    return replace(lineage, experiment=lineage.experiment.model_copy(update={"members": members | {member: best}}))


def test_the_optimism_of_chosen_epochs_is_that_of_the_histories(lineage) -> None:
    assert chosen_epochs(lineage) == {}
    assert optimism_metadata({}) == {}
    member = next(iter(lineage.experiment.members))
    (found,) = chosen_epochs(with_best_epochs(lineage, member)).items()
    assert found[0] == member
    losses = [read_history(lineage, Cell(member, fold))["val_loss"].to_numpy() for fold in range(2)]
    weights = read_table(lineage.folds)["fold"].value_counts().sort_index().to_numpy()
    assert found[1].on_scored_fold == pytest.approx(np.average([fold.min() for fold in losses], weights=weights))
    nested = [losses[0][losses[1].argmin()], losses[1][losses[0].argmin()]]
    assert found[1].on_other_folds == pytest.approx(np.average(nested, weights=weights))
    (shown,) = optimism_metadata(dict([found])).values()
    assert shown.records[0].data["optimism"] == round(found[1].optimism, 4)
