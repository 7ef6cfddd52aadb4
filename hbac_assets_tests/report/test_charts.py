"""Charts show their data, with labels, units and legends."""

import numpy as np
import pandas as pd
import pytest

from hbac_assets.labels import CLASSES
from hbac_assets.learning.settings import MemberSettings
from hbac_assets.report.charts.scores import experts_chart, reliability_chart, scores_chart, slices_chart
from hbac_assets.report.charts.training import loss_chart
from hbac_assets.report.members import Member
from hbac_assets.scoring.evaluation import evaluate
from hbac_assets.scoring.scored_table import ScoredTable


@pytest.fixture(scope="module")
def found():
    rng = np.random.default_rng(0)
    votes = rng.multinomial(12, rng.dirichlet(np.ones(6), 60))
    models = {name: rng.dirichlet(np.ones(6), 60) for name in ("one", "$two$", "partly")}
    models["partly"][:50] = np.nan
    return evaluate(models, ScoredTable(votes=votes, patients=np.arange(60) // 3, folds=np.arange(60) // 3 % 3))


def points(axes, marker):
    """Return x and y of all points with a marker that stand for data, not for the legend."""
    lines = [line for line in axes.lines if line.get_marker() == marker and len(line.get_xdata())]
    return [(float(x), float(y)) for line in lines for x, y in zip(*line.get_data(), strict=True)]


def legend_of(figure):
    (legend,) = figure.legends
    return [text.get_text() for text in legend.get_texts()]


def test_models_stand_at_their_scores_with_their_intervals(found):
    kinds = dict(zip([one["model"] for one in found.models], ("ensemble", "member", "reference"), strict=True))
    figure = scores_chart(found.models, kinds)
    (axes,) = figure.axes
    for place, (marker, one) in enumerate(zip("Dos", found.models, strict=True)):
        assert points(axes, marker) == [(one["mean"], place)]
    segments = [one.get_segments()[0][:, 0].tolist() for one in axes.collections if hasattr(one, "get_segments")]
    assert segments == [[one["low"], one["high"]] for one in found.models]
    assert [label.get_text().replace("\\", "") for label in axes.get_yticklabels()] == list(kinds)
    assert axes.get_xlabel() == "KL divergence (nats, lower is better)"
    assert legend_of(figure) == ["class prior", "floor of votes, both estimates", "ensemble", "member", "reference"]


def test_slices_of_one_model_beside_the_others(found):
    figure = slices_chart(found.slices, "one")
    (axes,) = figure.axes
    shown = [x for x, _ in points(axes, "o")]
    assert shown == [one["mean"] for one in found.slices if one["model"] == "one"]
    others = [x for x, _ in points(axes, "|")]
    known = [one["mean"] for one in found.slices if one["model"] != "one" and not np.isnan(one["mean"])]
    assert sorted(others) == sorted(known)
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert [one for one in labels if one.startswith("by ")] == [
        "by class",
        "by votes",
        "by agreement",
        "by patient size",
    ]
    assert legend_of(figure) == ["one", "each other model"]


def test_reliability_is_drawn_class_by_class(found):
    figure = reliability_chart(found.reliability, "one")
    assert [axes.get_title() for axes in figure.axes] == list(CLASSES)
    for axes in figure.axes:
        bins = [one for one in found.reliability if (one["model"], one["class"]) == ("one", axes.get_title())]
        assert axes.collections[0].get_offsets().tolist() == [[one["predicted"], one["voted"]] for one in bins]
    assert figure.axes[3].get_xlabel() == "predicted probability"
    assert figure.axes[3].get_ylabel() == "fraction of the votes"
    assert legend_of(figure) == ["experts and model agree", "rows in a bin, by area"]


def test_experts_and_models_on_their_curve(found):
    figure = experts_chart(found.experts, found.models)
    (axes,) = figure.axes
    assert points(axes, ".") == [(one["votes"], one["kl"]) for one in found.experts]
    for marker, one in zip("Dos", found.models, strict=True):
        assert points(axes, marker) == [(one["experts"], one["kl_many_votes"])]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("number of experts", "KL divergence (nats)")


def history(losses, stages=None):
    epochs = np.arange(1, len(losses) + 1)
    columns = {"epoch": epochs, "loss": np.array(losses) * 0.9, "val_loss": losses, "stage": stages or 1}
    return pd.DataFrame(columns)


def test_losses_of_all_folds_with_scored_and_best_epoch():
    histories = [history([1.0, 0.5, 0.6], [1, 1, 2]), history([1.1, 0.7, 0.65], [1, 1, 2])]
    cells = [{"scored_epoch": 3, "val_loss": 0.6}, {"scored_epoch": 3, "val_loss": 0.65}]
    settings = MemberSettings(backbone="mobilenet_v3_small")
    rising = [history([1.0, 40.0, 0.9])]
    figure = loss_chart(
        [
            Member("first", settings, histories, cells),
            Member("second", settings, rising, [{"scored_epoch": 3, "val_loss": 0.9}]),
        ]
    )
    first, second = figure.axes
    assert [first.get_title(loc="left"), second.get_title(loc="left")] == ["first", "second"]
    solid = [
        line.get_ydata().tolist() for line in first.lines if line.get_linestyle() == "-" and len(line.get_xdata()) > 2
    ]
    assert solid == [[1.0, 0.5, 0.6], [1.1, 0.7, 0.65]]
    assert points(first, "o") == [(3, 0.6), (3, 0.65)]
    assert points(first, "*") == [(2, 0.5), (3, 0.65)]
    assert [line.get_xdata()[0] for line in first.lines if line.get_xdata()[0] == 2.5] == [2.5]
    assert (first.get_yscale(), second.get_yscale()) == ("linear", "log")
    assert (first.get_xlabel(), first.get_ylabel()) == ("epoch", "KL divergence (nats)")
    assert legend_of(figure) == ["training, augmented images", "validation", "scored epoch", "lowest validation loss"]
