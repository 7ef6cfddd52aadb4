"""The optimism of scoring a member at an epoch chosen on the scored rows."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class EpochChoice(NamedTuple):
    """The validation loss of a member over all folds, for two ways of choosing each fold's epoch."""

    on_scored_fold: float
    """With each fold's best epoch: the scores as published systems report them."""
    on_other_folds: float
    """With the epoch that is best on average on the other folds: no row scores a choice that it influenced."""

    @property
    def optimism(self) -> float:
        """The second minus the first."""
        return self.on_other_folds - self.on_scored_fold


def epoch_choice(losses: Sequence[np.ndarray], rows: Sequence[int]) -> EpochChoice:
    """Compare both choices of the epoch.

    A fold whose training ended early counts with its last epoch if the others choose a later one.

    Args:
        losses: of each fold (two or more), the validation loss (E,) after each epoch; E may differ.
        rows: the number of rows of each fold; the mean is over rows.
    """
    own = [float(np.min(fold)) for fold in losses]
    nested = []
    for number, fold in enumerate(losses):
        others = [other for place, other in enumerate(losses) if place != number]
        weights = [count for place, count in enumerate(rows) if place != number]
        shared = min(map(len, others))
        epoch = int(np.argmin(np.average([other[:shared] for other in others], axis=0, weights=weights)))
        nested.append(float(fold[min(epoch, len(fold) - 1)]))
    return EpochChoice(*(float(np.average(means, weights=rows)) for means in (own, nested)))
