"""Published results of a system, next to the scores of its members and ensembles here.

They are different quantities, so nothing is computed from both.
"""

from collections.abc import Mapping
from typing import NamedTuple

from hbac_assets.experiments.schema import Experiment

SYNTHETIC_REMARK = "The data here are synthetic: the scores show that the chain works and compare with no others."


class Comparison(NamedTuple):
    """A published value of a model and its definition, the score here and its definition."""

    name: str
    published: float
    here: float
    what_that_was: str
    what_that_is: str


def comparisons(experiment: Experiment, kl: Mapping[str, float], *, synthetic: bool) -> list[Comparison]:
    """Return the published values of the models of `kl`, with their scores here.

    Args:
        experiment: with the published values of its members and ensembles.
        kl: name and out-of-fold KL divergence of the models to show.
        synthetic: whether the data are synthetic.
    """
    what = f"out-of-fold KL divergence on votes, {'synthetic data' if synthetic else 'this data set'}"
    return [
        Comparison(name, one.figure, kl[name], one.what, what)
        for name, published in experiment.published.items()
        if name in kl
        for one in published
    ]


def remark(experiment: Experiment, *, synthetic: bool) -> str:
    """Return a remark on their comparability; empty if there is none."""
    return " ".join(filter(None, [experiment.comparability, SYNTHETIC_REMARK if synthetic else ""]))
