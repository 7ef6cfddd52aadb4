"""The effect of a change of predictions on the score of the same rows."""

from typing import NamedTuple

import numpy as np

from hbac_assets.scoring.bootstrap import Bootstrap


class PairedGain(NamedTuple):
    """Mean scores before and after a change, and their paired difference with its 95 % interval over patients."""

    before: float
    after: float
    gain: float
    """The decrease of the score."""
    low: float | None
    """None with fewer than two patients, like `high`."""
    high: float | None
    may_be_chance: bool
    """Whether the interval contains 0, or there is none."""


def paired_gain(before: np.ndarray, after: np.ndarray, patients: np.ndarray) -> PairedGain:
    """Compare the divergences of the same rows, one by one.

    Args:
        before: (N,) the divergence of each row without the change.
        after: (N,) with it.
        patients: (N,) the patient of each row, the unit of the bootstrap.
    """
    found = Bootstrap(patients).differences(np.stack([before, after], axis=1), [(0, 1)])
    low, high = (None if np.isnan(bound[0]) else float(bound[0]) for bound in (found.low, found.high))
    return PairedGain(
        float(np.mean(before)), float(np.mean(after)), float(found.value[0]), low, high, bool(found.noise[0])
    )
