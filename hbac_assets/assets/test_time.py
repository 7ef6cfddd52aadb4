"""The gain of test-time augmentation on the out-of-fold rows: as stored facts, Dagster metadata and MLflow metrics."""

import pandas as pd
from dagster import TableMetadataValue

from hbac_assets.assets.metadata import table
from hbac_assets.resources.tracked_run import TrackedRun
from hbac_assets.results.test_time import GAINS
from hbac_assets.scoring.paired_gain import PairedGain


def gain_facts(gains: dict[str, PairedGain]) -> dict[str, object]:
    """Return these gains as an artifact stores them."""
    return {GAINS: {member: gain._asdict() for member, gain in gains.items()}}


def gain_metadata(gains: dict[str, PairedGain]) -> dict[str, TableMetadataValue]:
    """Return the scores without and with the variants as a table; empty if no member has any."""
    if not gains:
        return {}
    names = {"before": "KL without", "after": "KL with"}
    rows = [{"member": member, **gain._asdict()} for member, gain in gains.items()]
    return {"test-time augmentation": table(pd.DataFrame(rows).rename(columns=names))}


def log_gain(tracked: TrackedRun, gain: PairedGain) -> None:
    """Log the gain of a member, in nats, and its score without the variants; its score with them is `oof_kl`."""
    values = {
        "oof_kl_without_test_time": gain.before,
        "test_time_gain": gain.gain,
        "test_time_gain_low": gain.low,
        "test_time_gain_high": gain.high,
    }
    tracked.log_metrics({name: value for name, value in values.items() if value is not None})
