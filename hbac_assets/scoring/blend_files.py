"""Blends as files: numbers in JSON, a network beside it as Keras writes it; nothing is pickled."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hbac_assets.errors import HbacError
from hbac_assets.scoring.blending import Blend, CalibratedBlend
from hbac_assets.scoring.calibration import Calibration
from hbac_assets.scoring.convex import ConvexBlend, LogarithmicBlend
from hbac_assets.scoring.patient_context import PatientContext
from hbac_assets.scoring.stacking import StackedBlend
from hbac_assets.store.files import atomic_write, write_json

DESCRIPTION, NETWORK = "blend.json", "stacking.keras"


class StoredBlend(NamedTuple):
    """A blend, the members whose predictions it takes, in this order, and what is done afterwards."""

    members: list[str]
    blend: CalibratedBlend
    context: PatientContext | None = None


def save_blend(stored: StoredBlend, folder: Path) -> None:
    """Write a blend into an empty folder of its own."""
    blend, calibration, context = stored.blend.blend, stored.blend.calibration, stored.context
    description: dict[str, Any] = {"members": stored.members}
    if isinstance(blend, StackedBlend):
        description["features"] = blend.features
        with atomic_write(folder / NETWORK) as temporary:
            blend.model().save(temporary)
    else:
        description["mean_of"] = "logits" if isinstance(blend, LogarithmicBlend) else "probabilities"
        description["weights"] = dict(zip(stored.members, blend.weights.tolist(), strict=True))
    if calibration:
        description["calibration"] = _as_json(vars(calibration))
    if context:
        description["patient_context"] = _as_json(vars(context))
    write_json(folder / DESCRIPTION, description)


def load_weights(folder: Path) -> dict[str, float]:
    """Return the weight of each member in a stored blend; none where a network blends them."""
    return dict(_description(folder).get("weights", {}))


def load_blend(folder: Path) -> StoredBlend:
    """Read what `save_blend` wrote.

    Raises:
        HbacError: the file of the network is not such a network.
    """
    description = _description(folder)
    blend: Blend
    if weights := description.get("weights"):
        kind = LogarithmicBlend if description["mean_of"] == "logits" else ConvexBlend
        blend = kind(np.array([weights[member] for member in description["members"]]))
    else:
        blend = StackedBlend(description["features"], _network_weights(folder / NETWORK))
    calibration, context = description.get("calibration"), description.get("patient_context")
    return StoredBlend(
        description["members"],
        CalibratedBlend(blend, Calibration(**_from_json(calibration)) if calibration else None),
        PatientContext(**_from_json(context)) if context else None,
    )


def _network_weights(path: Path) -> list[np.ndarray]:
    import keras

    try:
        network = keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # a broken file can fail anywhere in Keras, zipfile, json or h5py
        fault = f"{path}: expected a whole Keras model, found none ({type(error).__name__})"
        raise HbacError(f"{fault}; materialize ensemble again") from error
    return list(network.get_weights())


def _as_json(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: np.asarray(value).tolist() for name, value in fields.items()}


def _from_json(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: np.array(value) if isinstance(value, list) else value for name, value in fields.items()}


def _description(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / DESCRIPTION).read_text(encoding="utf-8")))
