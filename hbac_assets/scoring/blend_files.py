"""Blends as files: parameters in JSON, a network as a Keras file beside it; nothing is pickled."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from hbac_assets.errors import HbacError
from hbac_assets.scoring.blends import StoredBlend, from_json, to_json
from hbac_assets.scoring.stacked_blend import StackedBlend
from hbac_assets.scoring.stacking import build_network
from hbac_assets.store.files import atomic_write, write_json

DESCRIPTION, NETWORK = "blend.json", "stacking.keras"


def save_blend(stored: StoredBlend, folder: Path) -> None:
    """Write a blend into an empty folder."""
    blend = stored.blend.blend
    if isinstance(blend, StackedBlend):
        network = build_network(len(blend.weights[0]))
        network.set_weights(blend.weights)
        with atomic_write(folder / NETWORK) as temporary:
            network.save(temporary)
    write_json(folder / DESCRIPTION, to_json(stored))


def load_weights(folder: Path) -> dict[str, float]:
    """Return the weight of each member in a stored blend; none if a network blends them."""
    return dict(_description(folder).get("weights", {}))


def load_blend(folder: Path) -> StoredBlend:
    """Read what `save_blend` wrote.

    Raises:
        HbacError: the file of the network is damaged.
    """
    return from_json(_description(folder), lambda features: StackedBlend(features, _network_weights(folder / NETWORK)))


def _network_weights(path: Path) -> list[np.ndarray]:
    import keras

    try:
        network = keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # a damaged file can fail anywhere in Keras, zipfile, json or h5py
        fault = f"{path}: expected a whole Keras model, found none ({type(error).__name__})"
        raise HbacError(f"{fault}; materialize ensemble again") from error
    return list(network.get_weights())


def _description(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / DESCRIPTION).read_text(encoding="utf-8")))
