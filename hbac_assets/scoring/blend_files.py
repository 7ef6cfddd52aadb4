"""Blends as files: weights in JSON, a network beside it as Keras writes it; nothing is pickled."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hbac_assets.errors import HbacError
from hbac_assets.scoring.blending import Blend
from hbac_assets.scoring.convex import ConvexBlend
from hbac_assets.scoring.stacking import StackedBlend
from hbac_assets.store.files import atomic_write, write_json

DESCRIPTION, NETWORK = "blend.json", "stacking.keras"


class StoredBlend(NamedTuple):
    """A blend and the members whose predictions it takes, in this order."""

    members: list[str]
    blend: Blend


def save_blend(stored: StoredBlend, folder: Path) -> None:
    """Write a blend into an empty folder of its own."""
    members, blend = stored
    if isinstance(blend, ConvexBlend):
        write_json(folder / DESCRIPTION, {"weights": dict(zip(members, blend.weights.tolist(), strict=True))})
        return
    write_json(folder / DESCRIPTION, {"features": blend.features, "members": members})
    with atomic_write(folder / NETWORK) as temporary:
        blend.model().save(temporary)


def load_weights(folder: Path) -> dict[str, float]:
    """Return the weight of each member in a stored blend; none where a network blends them."""
    return dict(_description(folder).get("weights", {}))


def load_blend(folder: Path) -> StoredBlend:
    """Read what `save_blend` wrote.

    Raises:
        HbacError: the file of the network is not such a network.
    """
    weights = load_weights(folder)
    if weights:
        return StoredBlend(list(weights), ConvexBlend(np.array(list(weights.values()))))
    import keras

    description = _description(folder)
    try:
        network = keras.models.load_model(folder / NETWORK, compile=False, safe_mode=True)
    except Exception as error:  # a broken file can fail anywhere in Keras, zipfile, json or h5py
        fault = f"{folder / NETWORK}: expected a whole Keras model, found none ({type(error).__name__})"
        raise HbacError(f"{fault}; materialize ensemble again") from error
    return StoredBlend(description["members"], StackedBlend(description["features"], network.get_weights()))


def _description(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / DESCRIPTION).read_text(encoding="utf-8")))
