"""The table of the ingredients' gains."""

import numpy as np
import pytest

from benchmarks.ablation import BASES, EXPERIMENT, HEADER, SECOND_SEED, table
from hbac_assets.experiments.loading import load_experiment
from hbac_assets.scoring.evaluation import evaluate
from hbac_assets.scoring.scored_table import ScoredTable


@pytest.fixture(scope="module")
def found():
    rng = np.random.default_rng(0)
    votes = rng.dirichlet(np.ones(6), 300)
    worse = {
        **{"waveforms": 0.1, "waveforms_2": 0.12, "without_stage": 0.5, "without_stage_2": 0.05},
        **{"with_views": 0.05, "with_views_2": 0.5},
    }
    given = {name: (1 - share) * votes + share / 6 for name, share in worse.items()}
    counts = rng.integers(1, 20, 300)
    return evaluate(given, ScoredTable(votes=votes, vote_counts=counts, patients=np.arange(300) // 3))


def cells(row):
    return [cell.strip() for cell in row.strip("|").split("|")]


def test_a_gain_is_what_the_score_loses_without_the_ingredient(found):
    base, without = map(cells, table(found, ("waveforms", "waveforms_2", "without_stage", "without_stage_2")))
    means = {one["model"]: one["mean"] for one in found.models}
    assert base[0] == "*nothing: waveforms*"
    assert without[0] == "without stage"
    for cell, suffix in ((without[2], ""), (without[3], "_2")):
        gain, low, high = (float(part) for part in cell.replace("(", "").replace(")", "").replace(",", "").split())
        expected = means[f"without_stage{suffix}"] - means[f"waveforms{suffix}"]
        assert gain == pytest.approx(expected, abs=1e-4)
        assert low < gain < high
    assert float(without[4]) > 0 > float(without[5])
    assert len(base) == len(without) == len(cells(HEADER.splitlines()[0]))


def test_an_ingredient_that_the_base_lacks_gains_what_the_base_scores_more(found):
    (row,) = map(cells, table(found, ("with_views", "with_views_2")))
    means = {one["model"]: one["mean"] for one in found.models}
    assert row[0] == "with views"
    for cell, suffix in ((row[2], ""), (row[3], "_2")):
        expected = means[f"waveforms{suffix}"] - means[f"with_views{suffix}"]
        assert float(cell.split()[0]) == pytest.approx(expected, abs=1e-4)
    assert float(row[4]) > 0 > float(row[5])


def test_each_member_of_the_experiment_has_a_base_and_a_second_seed():
    members = load_experiment(EXPERIMENT).members
    first = [name for name in members if not name.endswith(SECOND_SEED)]
    assert sorted(members) == sorted(name + suffix for name in first for suffix in ("", SECOND_SEED))
    for name in first:
        twin = members[name + SECOND_SEED]
        assert twin == members[name].model_copy(update={"seed": twin.seed})
        assert twin.seed != members[name].seed
        beginning = next((one for one in BASES if name.startswith(one)), None)
        assert beginning is not None or name in BASES.values()
