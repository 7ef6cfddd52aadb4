"""What the tests require of every figure."""

import pytest

from hbac_assets.figures import new_figure, png
from hbac_assets_tests.figures import defects


def drawn(*, names=("epoch", "KL divergence (nats)"), series=1, legend=False, beyond=False):
    figure = new_figure(3, 2, adjusting=not beyond)
    axes = figure.add_subplot()
    for number in range(series):
        axes.plot([0, 1], [number, 1], label=f"series {number}")
    axes.set(xlabel=names[0], ylabel=names[1])
    if legend:
        axes.legend()
    if beyond:
        axes.set_position((0.0, 0.0, 1.0, 1.0))
    png(figure)
    return figure


@pytest.mark.parametrize(
    ("figure", "expected"),
    [
        ({}, []),
        ({"names": ("", "loss")}, ["the x axis has no name"]),
        ({"names": ("epoch", "")}, ["the y axis has no name"]),
        ({"series": 2}, ["several series and no legend"]),
        ({"series": 2, "legend": True}, []),
        ({"beyond": True}, ["something is cut off"]),
    ],
    ids=str,
)
def test_a_figure_that_lacks_something_is_noticed(figure, expected):
    assert defects(drawn(**figure)) == expected


def test_names_of_what_is_drawn_are_as_good_as_that_of_the_axis():
    figure = new_figure(3, 2)
    axes = figure.add_subplot()
    axes.barh(["LPD", "GPD"], [1, 2])
    axes.set_xlabel("rows")
    png(figure)
    assert defects(figure) == []
