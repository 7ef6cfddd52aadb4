"""What the authors of a system report, beside what its members and ensembles score here."""

from collections.abc import Mapping

import pandas as pd
from dagster import MetadataValue, TableMetadataValue, TextMetadataValue

from hbac_assets.assets.metadata import table
from hbac_assets.experiments.schema import Experiment

SYNTHETIC_REMARK = "The data here are synthetic: their figures show that the chain works, and compare with no others."


def published_here(
    experiment: Experiment, kl: Mapping[str, float], *, synthetic: bool
) -> dict[str, TableMetadataValue | TextMetadataValue]:
    """Return the metadata of the comparison, empty where nothing is published of the models of `kl`.

    Both figures stand beside what they are; they are different quantities, so nothing is computed from the two.

    Args:
        experiment: with the published figures of its members and ensembles.
        kl: name and out-of-fold KL divergence of the models to show.
        synthetic: whether the data are.
    """
    what = f"out-of-fold KL divergence on votes, {'synthetic data' if synthetic else 'this data set'}"
    rows = [
        {"name": name, "published": one.figure, "here": kl[name], "what that was": one.what, "what that is": what}
        for name, figures in experiment.published.items()
        if name in kl
        for one in figures
    ]
    if not rows:
        return {}
    remark = " ".join(filter(None, [experiment.comparability, SYNTHETIC_REMARK if synthetic else ""]))
    return {
        "published / here": table(pd.DataFrame(rows)),
        "published / here, remark": MetadataValue.text(remark),
    }
