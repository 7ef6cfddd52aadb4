"""Fitted blends, which turn the members' predictions into one, and their JSON form.

Fitting belongs to `blending`, `calibration` and `patient_context`; files to `blend_files`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from hbac_assets.scoring.calibration import Calibration
from hbac_assets.scoring.convex import ConvexBlend, LogarithmicBlend
from hbac_assets.scoring.patient_context import PatientContext
from hbac_assets.scoring.stacked_blend import NetworkBlend, StackedBlend

Blend = ConvexBlend | LogarithmicBlend | StackedBlend | NetworkBlend
"""It turns the members' predictions (M, N, 6) into one (N, 6)."""


@dataclass(frozen=True)
class CalibratedBlend:
    """A blend and the calibration of its predictions, if any."""

    blend: Blend
    calibration: Calibration | None = None

    def __call__(self, predictions: np.ndarray) -> np.ndarray:
        """Turn the members' predictions (M, N, 6) into one (N, 6)."""
        blended = self.blend(predictions)
        return self.calibration(blended) if self.calibration else blended


class StoredBlend(NamedTuple):
    """A blend, its members in order, and the calibration and patient context applied afterwards."""

    members: list[str]
    blend: CalibratedBlend
    context: PatientContext | None = None


def to_json(stored: StoredBlend) -> dict[str, Any]:
    """Return the description of a blend; for a stacking network, its features."""
    blend, calibration, context = stored.blend.blend, stored.blend.calibration, stored.context
    description: dict[str, Any] = {"members": stored.members}
    if isinstance(blend, StackedBlend | NetworkBlend):
        description["features"] = blend.features
    else:
        description["mean_of"] = "logits" if isinstance(blend, LogarithmicBlend) else "probabilities"
        description["weights"] = dict(zip(stored.members, blend.weights.tolist(), strict=True))
    if calibration:
        description["calibration"] = _as_json(vars(calibration))
    if context:
        description["patient_context"] = _as_json(vars(context))
    return description


def from_json(description: Mapping[str, Any], stacking: Callable[[str], Blend]) -> StoredBlend:
    """Return the blend of a description.

    Args:
        description: as `to_json` makes it.
        stacking: from the name of a network's features to its blend.
    """
    blend: Blend
    if weights := description.get("weights"):
        kind = LogarithmicBlend if description["mean_of"] == "logits" else ConvexBlend
        blend = kind(np.array([weights[member] for member in description["members"]]))
    else:
        blend = stacking(description["features"])
    calibration, context = description.get("calibration"), description.get("patient_context")
    return StoredBlend(
        list(description["members"]),
        CalibratedBlend(blend, Calibration(**_arrays(calibration)) if calibration else None),
        PatientContext(**_arrays(context)) if context else None,
    )


def _as_json(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: np.asarray(value).tolist() for name, value in fields.items()}


def _arrays(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: np.array(value) if isinstance(value, list) else value for name, value in fields.items()}
