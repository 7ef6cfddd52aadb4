"""The predictor of a trained store: its models and blend, by Keras on JAX."""

from typing import TYPE_CHECKING

import numpy as np

from hbac_assets.competition.metadata import class_prior
from hbac_assets.inference.predictor import Member, Network, Predictor
from hbac_assets.learning import device
from hbac_assets.learning.prediction import MODELS, load_model, predict
from hbac_assets.learning.test_time import variants
from hbac_assets.lineage import Cell, Lineage
from hbac_assets.scoring.blend_files import load_blend
from hbac_assets.store.tables import read_table

if TYPE_CHECKING:
    import keras


def open_trained(lineage: Lineage) -> Predictor:
    """Return the submitted ensemble of an experiment, on the CPU in single precision.

    Raises:
        HbacError: the ensemble or a model is missing, out of date or changed.
    """
    lineage.ensemble.require()
    device.configure("cpu", "float32", lineage.root.parent / "cache" / "jax")
    stored = load_blend(lineage.blend_folder(lineage.experiment.submitted))
    members = tuple(_member(lineage, name) for name in stored.members)
    return Predictor(members, stored, class_prior(read_table(lineage.folds)))


def _member(lineage: Lineage, name: str) -> Member:
    settings = lineage.experiment.members[name]
    folders = [lineage.cell(Cell(name, fold)).require() for fold in range(lineage.experiment.folds)]
    models = [load_model(folder / MODELS[settings.scored_epoch]) for folder in folders]
    networks = [_network(model, settings.batch_size) for model in models]
    return Member(name, settings.preprocessing, networks, variants(settings.preprocessing, settings.test_time))


def _network(model: "keras.Model", batch_size: int) -> Network:
    def network(arrays: np.ndarray) -> np.ndarray:
        return predict(model, arrays, batch_size)

    return network
