"""Published results next to the scores obtained here, as Dagster metadata."""

from collections.abc import Mapping

import pandas as pd
from dagster import MetadataValue, TableMetadataValue, TextMetadataValue

from hbac_assets.assets.metadata import table
from hbac_assets.experiments.schema import Experiment
from hbac_assets.results.published import comparisons, remark


def published_here(
    experiment: Experiment, kl: Mapping[str, float], *, synthetic: bool
) -> dict[str, TableMetadataValue | TextMetadataValue]:
    """Return the metadata of the comparison, empty if nothing is published; arguments as for `comparisons`."""
    rows = [one._asdict() for one in comparisons(experiment, kl, synthetic=synthetic)]
    if not rows:
        return {}
    names = {"what_that_was": "what that was", "what_that_is": "what that is"}
    return {
        "published / here": table(pd.DataFrame(rows).rename(columns=names)),
        "published / here, remark": MetadataValue.text(remark(experiment, synthetic=synthetic)),
    }
