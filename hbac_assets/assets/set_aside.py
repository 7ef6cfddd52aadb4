"""What the assets of the data set aside: how much is tolerated, where it is listed, how it is shown."""

import logging
from typing import Any

import pandas as pd
from dagster import Config, MetadataValue
from pydantic import Field

from hbac_assets.assets.metadata import table
from hbac_assets.competition.set_aside import COLUMNS, TOLERATED, counted
from hbac_assets.store.artifact import Artifact
from hbac_assets.store.files import atomic_write

SHOWN = 20


class Tolerance(Config):
    """How much of the raw data may be at fault."""

    tolerated_share: float = Field(
        TOLERATED,
        ge=0,
        le=1,
        description="largest share of the rows or files that may be set aside; above it, the run ends",
    )


def write_set_aside(set_aside: pd.DataFrame, artifact: Artifact, log: logging.Logger) -> None:
    """List beside an artifact what was set aside when it was made, if anything was, and warn of the first of it."""
    path = artifact.set_aside_path
    if set_aside.empty:
        path.unlink(missing_ok=True)
        return
    with atomic_write(path) as temporary:
        set_aside[list(COLUMNS)].to_csv(temporary, index=False)
    for detail in set_aside["detail"].head(SHOWN):
        log.warning(f"set aside: {detail}")
    if len(set_aside) > SHOWN:
        log.warning(f"set aside: {counted(set_aside)}; all of it is listed in {path}")


def set_aside_metadata(set_aside: pd.DataFrame) -> dict[str, Any]:
    """Return how much is set aside, by reason, and the first of it as a table."""
    metadata: dict[str, Any] = {"set aside": MetadataValue.text(counted(set_aside))}
    if len(set_aside):
        metadata["set aside, listed"] = table(set_aside.head(SHOWN))
    return metadata
