"""Keras models as ONNX graphs: exported in a separate process, and compared with the models."""

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np

from hbac_assets.errors import HbacError
from hbac_assets.inference import to_onnx
from hbac_assets.inference.onnx_network import open_network
from hbac_assets.learning.prediction import load_model, predict
from hbac_assets.store.files import atomic_write

TOLERANCE = 1e-5
"""Largest difference of a probability between a graph and its model."""
BATCH_SIZE = 16


def in_single_precision(model: Path, copy: Path) -> Path:
    """Return a `.keras` file that computes in float32: the model, or a copy of a model in mixed precision.

    The weights are float32 in both.
    """
    with zipfile.ZipFile(model) as archive:
        if b"mixed_bfloat16" not in archive.read("config.json"):
            return model
        with zipfile.ZipFile(copy, "w") as changed:
            for name in archive.namelist():
                content = archive.read(name)
                changed.writestr(
                    name, content.replace(b"mixed_bfloat16", b"float32") if name == "config.json" else content
                )
    return copy


def export_graphs(graphs: Mapping[Path, Path], say: Callable[[str], None]) -> None:
    """Write each model as an ONNX graph.

    Args:
        graphs: from the path of a graph to that of its `.keras` file.
        say: called with a line for each graph.

    Raises:
        HbacError: a model cannot be exported.
    """
    environment = {name: value for name, value in os.environ.items() if name not in {"KERAS_BACKEND", "XLA_FLAGS"}}
    program = [sys.executable, "-P", to_onnx.__file__]  # -P: imports must not come from its folder
    with (
        tempfile.TemporaryFile("w+") as log,
        subprocess.Popen(
            program, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        ) as process,
    ):
        assert process.stdin
        assert process.stdout
        for number, (graph, model) in enumerate(graphs.items(), start=1):
            graph.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(graph) as temporary:
                with suppress(BrokenPipeError):
                    process.stdin.write(json.dumps([str(model), str(temporary)]) + "\n")
                    process.stdin.flush()
                if process.stdout.readline().strip() != str(temporary):
                    process.wait()
                    log.seek(0)
                    raise HbacError(_failure(model, log.read()))
            say(f"{graph.name}: exported, {number} of {len(graphs)}")


def _failure(model: Path, log: str) -> str:
    said = [line.strip() for line in log.splitlines() if line.strip()]
    found = said[-1] if said else "a process that was killed; free memory"
    return f"{model}: expected a model that TensorFlow and tf2onnx can export, found {found}"


def compare_graph(graph: Path, model: Path, images: np.ndarray, what: str) -> float:
    """Return the largest difference of a probability between a graph and its model.

    Args:
        graph: the ONNX file.
        model: the `.keras` file.
        images: inputs float16 (N, ...).
        what: the graph's member and fold, for messages.

    Raises:
        HbacError: the difference is more than `TOLERANCE`.
    """
    expected = predict(load_model(model), images, BATCH_SIZE)
    return require_alike(open_network(graph.read_bytes())(images), expected, what)


def require_alike(found: np.ndarray, expected: np.ndarray, what: str) -> float:
    """Return the largest difference between probabilities.

    Raises:
        HbacError: it is more than `TOLERANCE`, or not a number.
    """
    difference = float(np.abs(found - expected).max())
    if not difference <= TOLERANCE:  # NaN must not pass
        raise HbacError(
            f"{what}: expected an ONNX graph whose probabilities are the model's up to {TOLERANCE:g}, found a "
            f"difference of {difference:.2g}; train it for longer, or report the architecture"
        )
    return difference
