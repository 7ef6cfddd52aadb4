"""Rows and files set aside by the data assets: the tolerance, the list, the metadata."""

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
    """The tolerated fraction of unusable raw data."""

    tolerated_share: float = Field(
        TOLERATED,
        ge=0,
        le=1,
        description="largest fraction of the rows or files that may be set aside; above it, the run ends",
    )


def write_set_aside(set_aside: pd.DataFrame, artifact: Artifact, log: logging.Logger) -> None:
    """List the rows or files set aside beside the artifact, if there are any, and warn of the first ones."""
    path = artifact.set_aside_path
    if set_aside.empty:
        path.unlink(missing_ok=True)
        return
    with atomic_write(path) as temporary:
        set_aside[list(COLUMNS)].to_csv(temporary, index=False)
    for detail in set_aside["detail"].head(SHOWN):
        log.warning(f"set aside: {detail}")
    if len(set_aside) > SHOWN:
        log.warning(f"set aside: {counted(set_aside)}; listed in {path}")


def set_aside_metadata(set_aside: pd.DataFrame) -> dict[str, Any]:
    """Return the number set aside, by reason, and the first ones as a table."""
    metadata: dict[str, Any] = {"set aside": MetadataValue.text(counted(set_aside))}
    if len(set_aside):
        metadata["set aside, listed"] = table(set_aside.head(SHOWN))
    return metadata
