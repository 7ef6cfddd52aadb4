"""Artifacts that are one parquet table: kept while current, otherwise written atomically."""

import logging
from collections.abc import Callable

import pandas as pd

from hbac_assets.store.artifact import Artifact
from hbac_assets.store.files import atomic_write


def load_or_compute(artifact: Artifact, make: Callable[[], pd.DataFrame], log: logging.Logger) -> pd.DataFrame:
    """Return the table of a parquet artifact, computed by `make` unless it is up to date."""
    if artifact.is_current():
        log.info(f"{artifact.path.name} is up to date, kept")
    else:
        write_table(make(), artifact)
    return pd.read_parquet(artifact.path)


def write_table(frame: pd.DataFrame, artifact: Artifact, **facts: object) -> None:
    """Write `frame` as the parquet file of `artifact` and seal it."""
    with atomic_write(artifact.path) as temporary:
        frame.to_parquet(temporary, index=False)
    artifact.seal(**facts)


def write_if_changed(frame: pd.DataFrame, artifact: Artifact) -> None:
    """Write `frame` as `write_table` does, unless the artifact is up to date and holds the same table."""
    if not (artifact.is_current() and pd.read_parquet(artifact.path).equals(frame)):
        write_table(frame, artifact)


def read_table(artifact: Artifact) -> pd.DataFrame:
    """Return the table of a parquet artifact, verified.

    Raises:
        HbacError: it is missing, out of date or changed; the message names the asset to materialize.
    """
    return pd.read_parquet(artifact.require())
