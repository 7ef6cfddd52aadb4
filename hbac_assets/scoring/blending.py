"""The ways of blending the members' predictions.

A method learns a blend from the rows that it is given; on which rows it is scored is decided in `nested`. A further
method is one more entry of `METHODS`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from hbac_assets.scoring.calibration import Calibration
from hbac_assets.scoring.convex import ConvexBlend, LogarithmicBlend, learned_weights, mean_of_logits, plain_mean
from hbac_assets.scoring.stacking import FEATURES, StackedBlend, stacked

Blend = ConvexBlend | LogarithmicBlend | StackedBlend
"""What a method learned: it turns the members' predictions (M, N, 6) into one (N, 6)."""

Method = Callable[[np.ndarray, np.ndarray, np.ndarray], Blend]
"""Learns a blend from predictions (M, N, 6), vote shares (N, 6) and the patient of each row (N,)."""

METHODS: Mapping[str, Method] = {
    "mean": plain_mean,
    "mean_logits": mean_of_logits,
    "weights": learned_weights,
    **{f"stacking_{features}": partial(stacked, features=features) for features in FEATURES},
}


@dataclass(frozen=True)
class CalibratedBlend:
    """A blend and the calibration of what it predicts, if there is one."""

    blend: Blend
    calibration: Calibration | None = None

    def __call__(self, predictions: np.ndarray) -> np.ndarray:
        """Turn the members' predictions (M, N, 6) into one (N, 6)."""
        blended = self.blend(predictions)
        return self.calibration(blended) if self.calibration else blended
