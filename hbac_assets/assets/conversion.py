"""What the conversions of both kinds of recordings have in common: how much may be wrong with the raw files."""

import logging

import pandas as pd
from dagster import Config
from pydantic import Field

from hbac_assets.errors import HbacError


class ConversionConfig(Config):
    """How much may be wrong with the raw files."""

    tolerated_failures: float = Field(
        0.01,
        ge=0,
        le=1,
        description="share of the files that may be unreadable; they are left out of the folds",
    )


def log_left_out(failures: pd.DataFrame, log: logging.Logger) -> None:
    """Warn of each file that could not be converted."""
    for failure in failures.itertuples():
        log.warning(f"left out: {failure.reason}")


def refuse_too_many(asset: str, failures: pd.DataFrame, files: int, tolerated: float) -> None:
    """Fail an asset of whose files too large a share, or none, is readable.

    Raises:
        HbacError: with the counts and the first reason.
    """
    if len(failures) > min(tolerated * files, files - 1):
        raise HbacError(
            f"{asset}: {len(failures)} of {files} files are unreadable, at most {tolerated:.1%} are tolerated "
            f"(tolerated_failures); the first: {failures['reason'].iloc[0]}"
        )
