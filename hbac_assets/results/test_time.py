"""The gain of test-time augmentation on the out-of-fold rows, as stored with their table."""

from hbac_assets.scoring.paired_gain import PairedGain
from hbac_assets.store.artifact import Artifact

GAINS = "test_time"


def kept_gains(oof: Artifact) -> dict[str, PairedGain]:
    """Return the gain of each member with `test_time`, as stored with the out-of-fold table."""
    return {member: PairedGain(**gain) for member, gain in oof.facts().get(GAINS, {}).items()}
