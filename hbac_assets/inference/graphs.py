"""Keras models as ONNX graphs or LiteRT files: conversion in a separate process, and comparison with the models."""

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from hbac_assets.errors import HbacError
from hbac_assets.inference import converter
from hbac_assets.inference.forms import DEFAULT, MOST_RISE, Form
from hbac_assets.inference.half_precision import require_range
from hbac_assets.inference.networks import open_network
from hbac_assets.learning.prediction import load_model, predict
from hbac_assets.scoring.metric import kl_divergence
from hbac_assets.store.files import atomic_write

BATCH_SIZE = 16

Convert = Callable[[Path, Path, Form], None]
"""Writes the model in a `.keras` file as a graph of a form; raises `HbacError` if it cannot be exported."""


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


def export_graphs(graphs: Mapping[Path, Path], say: Callable[[str], None], form: Form = DEFAULT) -> None:
    """Write each model as a graph.

    Args:
        graphs: from the path of a graph to that of its `.keras` file.
        say: called with a line for each graph.
        form: the form of the graphs.

    Raises:
        HbacError: a model cannot be exported.
    """
    with converting() as convert:
        for number, (graph, model) in enumerate(graphs.items(), start=1):
            convert(model, graph, form)
            say(f"{graph.name}: exported, {number} of {len(graphs)}")


@contextmanager
def converting() -> Iterator[Convert]:
    """Start the converter's process and yield a function that writes a `.keras` file as a graph."""
    environment = {name: value for name, value in os.environ.items() if name not in {"KERAS_BACKEND", "XLA_FLAGS"}}
    program = [sys.executable, "-P", converter.__file__]  # -P: imports must not come from its folder
    with (
        tempfile.TemporaryFile("w+") as log,
        subprocess.Popen(
            program, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        ) as process,
    ):
        assert process.stdin
        assert process.stdout
        questions, answers = process.stdin, process.stdout

        def convert(model: Path, graph: Path, form: Form) -> None:
            graph.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(graph) as temporary:
                with suppress(BrokenPipeError):
                    questions.write(json.dumps([str(model), str(temporary), form.runtime, form.precision]) + "\n")
                    questions.flush()
                if answers.readline().strip() != str(temporary):
                    process.wait()
                    log.seek(0)
                    raise HbacError(_failure(model, form, log.read()))

        yield convert


def _failure(model: Path, form: Form, log: str) -> str:
    said = [line.strip() for line in log.splitlines() if line.strip()]
    found = said[-1] if said else "a process that was killed; free memory"
    return f"{model}: expected a model that TensorFlow can export as {form}, found {found}"


def compare_graph(
    graph: Path, model: Path, images: np.ndarray, what: str, form: Form = DEFAULT, shares: np.ndarray | None = None
) -> float:
    """Return the largest difference of a probability between a graph and its model.

    Args:
        graph: the graph's file.
        model: the model's `.keras` file.
        images: inputs float16 (N, ...).
        what: the graph's member and fold, for messages.
        form: the graph's form.
        shares: (N, 6) vote shares of the images, if the graph must score as well as its model.

    Raises:
        HbacError: the difference exceeds the form's tolerance, a weight is out of the range of half precision, or the
            graph scores worse.
    """
    content = graph.read_bytes()
    if form.precision == "float16":
        require_range(content, form, what)
    expected = predict(load_model(model), images, BATCH_SIZE)
    found = open_network(graph.name, content)(images)
    difference = require_alike(found, expected, what, form)
    if shares is not None:
        require_score_kept(found, expected, shares, f"{what}, {form}")
    return difference


def require_alike(found: np.ndarray, expected: np.ndarray, what: str, form: Form = DEFAULT) -> float:
    """Return the largest difference between probabilities.

    Raises:
        HbacError: it exceeds the form's tolerance, or is NaN.
    """
    difference = float(np.abs(found - expected).max())
    if not difference <= form.tolerance:  # NaN must not pass
        raise HbacError(
            f"{what}: expected a graph ({form}) whose probabilities are the model's up to {form.tolerance:g}, found a "
            f"difference of {difference:.2g}; train it for longer, or report the architecture"
        )
    return difference


def require_score_kept(found: np.ndarray, expected: np.ndarray, shares: np.ndarray, what: str) -> None:
    """Require that a graph's predictions of held-out rows score as well as its model's, all (N, 6).

    Raises:
        HbacError: their KL divergence is higher by more than `MOST_RISE`.
    """
    after, before = (float(kl_divergence(shares, predictions).mean()) for predictions in (found, expected))
    if not after - before <= MOST_RISE:
        raise HbacError(
            f"{what}: expected a KL divergence of held-out rows up to {MOST_RISE:g} above its model's {before:.4f}, "
            f"found {after:.4f}; use a higher precision"
        )
