"""The blending methods.

A method fits a blend to the rows that it is given; `nested` decides on which rows it is scored. A further method is one
more entry of `METHODS`.
"""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from hbac_assets.scoring.blends import Blend
from hbac_assets.scoring.convex import learned_weights, mean_of_logits, plain_mean
from hbac_assets.scoring.stacked_blend import FEATURES
from hbac_assets.scoring.stacking import stacked

Method = Callable[[np.ndarray, np.ndarray, np.ndarray], Blend]
"""Fits a blend to predictions (M, N, 6), vote fractions (N, 6) and the patient of each row (N,)."""

METHODS: Mapping[str, Method] = {
    "mean": plain_mean,
    "mean_logits": mean_of_logits,
    "weights": learned_weights,
    **{f"stacking_{features}": partial(stacked, features=features) for features in FEATURES},
}
