"""A bundle of a member that sees the spectrogram and one that sees the EEG, whose networks take milliseconds."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from hbac_assets.inference.bundle import CHECKSUMS, DESCRIPTION, FORMAT, installed_version
from hbac_assets.labels import CLASSES
from hbac_assets.learning.settings import Preprocessing

SIZE = (8, 6)
RECIPES = {
    "kaggle": Preprocessing(image_size=SIZE),
    "eeg": Preprocessing.model_validate({"input": "eeg", "image_size": SIZE, "eeg": {"size": (8, 32)}}),
}
STACKING = "graphs/stacking.onnx"


def weights(seed: int) -> np.ndarray:
    """The matrix (pixels and channels, classes) of a network."""
    return np.random.default_rng(seed).normal(0, 0.1, (SIZE[0] * SIZE[1] * 3, len(CLASSES))).astype(np.float32)


def write_graph(path: Path, matrix: np.ndarray, shape: tuple[int, ...], last: str = "Softmax") -> None:
    """Write a network: the input's values times a matrix."""
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    nodes = [
        helper.make_node("Flatten", ["input"], ["flat"]),
        helper.make_node("MatMul", ["flat", "matrix"], ["product"]),
        helper.make_node(last, ["product"], ["output"]),
    ]
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("input", kind, ["rows", *shape])],
        [helper.make_tensor_value_info("output", kind, ["rows", len(CLASSES)])],
        [onnx.numpy_helper.from_array(matrix, "matrix")],
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(model.SerializeToString())


def write_bundle(folder: Path, *, stacking: bool = False) -> dict[str, Any]:
    """Write the bundle into `folder` and return its description."""
    members = {}
    for number, (name, recipe) in enumerate(RECIPES.items()):
        graphs = [f"graphs/{name}_{fold}.onnx" for fold in range(2)]
        for fold, graph in enumerate(graphs):
            write_graph(folder / graph, weights(2 * number + fold), (*SIZE, 3))
        members[name] = {"recipe": recipe.model_dump(mode="json"), "test_time": None, "graphs": graphs}
    blend: dict[str, Any] = {"mean_of": "probabilities", "weights": {"kaggle": 0.25, "eeg": 0.75}}
    if stacking:
        blend = {"features": "predictions"}
        write_graph(folder / STACKING, np.zeros((12, 6), np.float32), (12,), last="Identity")
    description = {
        "format": FORMAT,
        "version": installed_version(),
        "classes": list(CLASSES),
        "members": members,
        "blend": {"members": list(members), **blend},
        "stacking": STACKING if stacking else None,
        "prior": [0.3, 0.2, 0.1, 0.1, 0.1, 0.2],
    }
    describe(folder, description)
    return description


def describe(folder: Path, description: object) -> None:
    """Write a description, and the checksums of all that is in the folder now."""
    (folder / DESCRIPTION).write_text(json.dumps(description))
    sign(folder)


def sign(folder: Path) -> None:
    """Write the checksums of all that is in the folder now."""
    (folder / CHECKSUMS).unlink(missing_ok=True)
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    lines = [
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(folder).as_posix()}" for file in files
    ]
    (folder / CHECKSUMS).write_text("".join(f"{line}\n" for line in lines))
