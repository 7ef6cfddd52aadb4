"""Paired comparison of two models on the rows that both predicted."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from hbac_assets.scoring.bootstrap import Bootstrap

KEY, PATIENT, KL = "label_id", "patient_id", "kl"


class PairedDifference(NamedTuple):
    """A mean difference of KL divergences with its 95 % interval over patients; below 0 the first model is better."""

    value: float
    low: float
    high: float

    @property
    def better(self) -> bool:
        """Whether the whole interval is below 0."""
        return self.high < 0

    def __str__(self) -> str:
        """Return the difference for people."""
        return f"{self.value:+z.4f} [{self.low:+z.4f}, {self.high:+z.4f}]"


def paired_difference(first: pd.DataFrame, second: pd.DataFrame) -> PairedDifference | None:
    """Return the paired difference of two models' divergences; None if their rows differ.

    Args:
        first: a row for each label: `KEY`, `PATIENT` and its divergence, `KL`.
        second: the other model's.
    """
    rows = first.merge(second, on=[KEY, PATIENT], suffixes=("", "_second"), validate="one_to_one")
    if not len(rows) == len(first) == len(second):
        return None
    columns = rows[[KL, f"{KL}_second"]].to_numpy()
    found = Bootstrap(rows[PATIENT].to_numpy()).differences(columns, [(0, 1)])
    return PairedDifference(*(float(one[0]) for one in (found.value, found.low, found.high)))


def divergences(oof: pd.DataFrame, shares: list[str], probabilities: list[str]) -> pd.DataFrame:
    """Return `KEY`, `PATIENT` and `KL` of out-of-fold rows.

    Args:
        oof: rows of one model.
        shares: the columns of the vote fractions.
        probabilities: those of the predictions.
    """
    from hbac_assets.scoring.metric import kl_divergence

    scored = kl_divergence(oof[shares].to_numpy(), np.asarray(oof[probabilities]))
    return oof[[KEY, PATIENT]].assign(**{KL: scored})
