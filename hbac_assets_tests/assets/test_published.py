"""Published results are shown next to ours, each with its definition; synthetic data are named as such."""

import pytest

from hbac_assets.assets.published import published_here
from hbac_assets.experiments.ensembles import Published
from hbac_assets.experiments.schema import Experiment
from hbac_assets.learning.settings import MemberSettings


@pytest.fixture
def experiment():
    members = {name: MemberSettings(backbone="mobilenet_v3_small") for name in ("one", "two")}
    figures = {
        "one": [Published(figure=0.85, what="validation loss"), Published(figure=0.6, what="Kaggle's public board")],
        "ensemble": [Published(figure=0.34, what="Kaggle's public board")],
    }
    return Experiment(name="tried", description="", members=members, published=figures, comparability="Other folds.")


def test_each_published_figure_is_a_row_with_what_both_are(experiment):
    shown = published_here(experiment, {"one": 0.5, "two": 0.7, "class prior": 1.2}, synthetic=False)
    rows = [record.data for record in shown["published / here"].records]
    here = {"name": "one", "here": 0.5, "what that is": "out-of-fold KL divergence on votes, this data set"}
    assert rows == [
        {**here, "published": 0.85, "what that was": "validation loss"},
        {**here, "published": 0.6, "what that was": "Kaggle's public board"},
    ]
    assert shown["published / here, remark"].value == "Other folds."


def test_synthetic_data_are_named_in_the_table_and_in_the_remark(experiment):
    shown = published_here(experiment, {"ensemble": 0.5}, synthetic=True)
    (row,) = [record.data for record in shown["published / here"].records]
    assert (row["name"], row["published"], row["here"]) == ("ensemble", 0.34, 0.5)
    assert row["what that is"] == "out-of-fold KL divergence on votes, synthetic data"
    assert shown["published / here, remark"].value.startswith("Other folds. The data here are synthetic")


def test_where_nothing_is_published_nothing_is_shown(experiment):
    assert published_here(experiment, {"two": 0.7}, synthetic=True) == {}
