"""The optimism of epochs chosen on the rows that score them, as Dagster metadata."""

import pandas as pd
from dagster import TableMetadataValue

from hbac_assets.assets.metadata import table
from hbac_assets.scoring.optimism import EpochChoice


def optimism_metadata(epochs: dict[str, EpochChoice]) -> dict[str, TableMetadataValue]:
    """Return both validation losses of these members and their difference as a table; empty if there are none."""
    if not epochs:
        return {}
    rows = [{"member": member, **one._asdict(), "optimism": one.optimism} for member, one in epochs.items()]
    return {"epochs chosen on the scored fold, and on the others": table(pd.DataFrame(rows))}
