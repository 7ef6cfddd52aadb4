"""Every backbone of the experiments as an ONNX graph and a LiteRT file: size, one-core latency of a window, parity.

Images are 128 × 256, waveforms 25.6 s at 40 Hz. Networks are untrained, with the batch statistics of the windows on
which they are compared: labelled windows from `HBAC_DATA_DIR`, by default synthetic. Latencies are processor times,
measured in turn; each side is confined to one core. Also the out-of-fold KL divergence in each form, for experiments in
the store, and the speed of onnxruntime for predictions on all cores.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from itertools import cycle
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import numpy as np
import psutil

from benchmarks.backbones import in_experiments, recipe_of
from benchmarks.finished import finished
from benchmarks.forms_out_of_fold import EXPERIMENTS, kl_out_of_fold
from benchmarks.labelled_windows import labelled_windows
from benchmarks.pairs import compare
from benchmarks.rows.cpu_training import for_a_second
from benchmarks.sides import Side, started
from benchmarks.table import Result
from benchmarks.untrained import write_untrained
from hbac_assets.errors import HbacError
from hbac_assets.inference.forms import Form
from hbac_assets.inference.graphs import Convert, converting
from hbac_assets.inference.networks import open_network

ROW = 15
FORMS = (
    Form("onnx", "float32"),
    Form("onnx", "float16"),
    Form("litert", "float32"),
    Form("litert", "float16"),
    Form("litert", "int8"),
)
WINDOWS, BATCH = 64, 16
ROUNDS, SECONDS = 5, 0.2
"""Interleaved rounds of all forms and frameworks, and the processor time of each."""


def run(workspace: Path) -> list[Result]:
    """Convert, compare and measure every backbone, then the trained experiments."""
    from hbac_assets.definitions import defs
    from hbac_assets.resources.views import Workspace

    assert defs.resources is not None
    found = Workspace.of(defs.resources)
    folder = found.competition.raw_folder(found.store)
    with converting() as convert:
        of_backbones = [of_backbone(backbone, folder, workspace / backbone, convert) for backbone in in_experiments()]
        of_experiments = [out_of_fold(experiment, convert) for experiment in EXPERIMENTS]
    return [line for lines in (*of_backbones, *of_experiments) for line in lines]


def of_backbone(backbone: str, data: Path, folder: Path, convert: Convert) -> list[Result]:
    """Return the results for a backbone on windows from `data`; its files are written to `folder`."""
    from hbac_assets.learning.device import configure
    from hbac_assets.learning.prediction import load_model, predict

    configure("cpu", "float32", None)
    folder.mkdir()
    images = labelled_windows(data, recipe_of(backbone), WINDOWS)
    np.save(folder / "images.npy", images)
    model = folder / "model.keras"
    write_untrained(backbone, recipe_of(backbone), images, model)
    files, seconds = {}, {}
    for form in FORMS:
        files[form], began = folder / f"{form.precision}{form.suffix}", children_seconds()
        convert(model, files[form], form)
        seconds[form] = children_seconds() - began
    expected = predict(load_model(model), images, BATCH)
    networks = {form: open_network(file.name, file.read_bytes()) for form, file in files.items()}
    differences = {form: float(np.abs(network(images) - expected).max()) for form, network in networks.items()}
    jax, tensorflow, *times = latencies(model, [files[form] for form in FORMS], folder / "images.npy")
    lines = [
        Result(
            ROW,
            f"{backbone}, {form}",
            ours=f"{1e3 * median(time):.2f} ms, {files[form].stat().st_size / 1e6:.2f} MB",
            against=f"Keras on TensorFlow {1e3 * median(tensorflow):.2f} ms, on JAX {1e3 * median(jax):.2f} ms",
            ratio=median(tensorflow) / median(time),
            to_reach="",
            reached=None,
            remark=f"largest difference {differences[form]:.0e} on {len(images)} windows of {data.name}",
            measured={
                "seconds": time,
                "jax": jax,
                "tensorflow": tensorflow,
                "bytes": files[form].stat().st_size,
                "difference": differences[form],
                "export": seconds[form],
            },
        )
        for form, time in zip(FORMS, times, strict=True)
    ]
    return [*lines, predictions(backbone, model, files[FORMS[0]], seconds[FORMS[0]], folder / "images.npy")]


def children_seconds() -> float:
    """Return the processor time of this process' running children."""
    times = [child.cpu_times() for child in psutil.Process().children()]
    return sum(time.user + time.system for time in times)


def latencies(model: Path, files: Sequence[Path], images: Path) -> list[tuple[float, ...]]:
    """Return the seconds per window in every round: for Keras on JAX, Keras on TensorFlow, and each file."""
    common = {"images": str(images)}
    sides = [
        Side("Keras on JAX", f"{__name__}:keras_on_jax", {"model": str(model), **common}),
        Side("Keras on TensorFlow", f"{__name__}:keras_on_tensorflow", {"model": str(model), **common}),
        Side("runtimes", f"{__name__}:runtimes", {"files": [str(file) for file in files], **common}),
    ]
    with started(*sides) as (jax, tensorflow, runtimes):
        rounds = [[jax.repeat(), tensorflow.repeat(), *(runtimes.repeat() for _ in files)] for _ in range(1 + ROUNDS)]
    return list(zip(*rounds[1:], strict=True))


def keras_on_jax(model: str, images: str) -> Callable[[], float]:
    """Return a repetition of this project's prediction of one window."""
    on_one_core()
    from hbac_assets.learning.device import configure, on_device
    from hbac_assets.learning.network import Network
    from hbac_assets.learning.prediction import compile_forward, load_model

    configure("cpu", "float32", None)
    network, window = Network(load_model(Path(model))), np.load(images, allow_pickle=False)[:1]
    forward, variables = compile_forward(network), on_device((network.weights(), network.non_trainable()))
    return timed(lambda: np.asarray(forward(*on_device((*variables, window)))))


def keras_on_tensorflow(model: str, images: str) -> Callable[[], float]:
    """Return a repetition of the same model's compiled call with the TensorFlow backend."""
    on_one_core()
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.pop("TF_ENABLE_ONEDNN_OPTS", None)  # set by hbac_assets
    import keras
    import keras_cv  # noqa: F401
    import tensorflow as tf

    from hbac_assets.inference.onnx_network import entering

    loaded = keras.models.load_model(model, compile=False, safe_mode=True)
    assert keras.backend.backend() == "tensorflow"
    window = entering(np.load(images, allow_pickle=False)[:1], len(loaded.input_shape))
    loaded(window, training=False)  # some layers are built by their first call
    forward = tf.function(lambda inputs: loaded(inputs, training=False))
    return timed(lambda: forward(tf.constant(window)).numpy())


def runtimes(files: list[str], images: str) -> Callable[[], float]:
    """Return a repetition that measures the files in turn, one per call."""
    on_one_core()
    window = np.load(images, allow_pickle=False)[:1]
    networks = [open_network(file, Path(file).read_bytes(), threads=1) for file in files]
    turns = cycle([timed(partial(network, window)) for network in networks])
    return lambda: next(turns)()


def on_one_core() -> None:
    """Confine this process to one core."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def timed(call: Callable[[], Any]) -> Callable[[], float]:
    """Return a repetition that calls a function for a while and returns the processor time per call."""
    call()

    def repetition() -> float:
        began, calls = process_time(), 0
        while (passed := process_time() - began) < SECONDS or not calls:
            call()
            calls += 1
        return passed / calls

    return repetition


def predictions(backbone: str, model: Path, graph: Path, export: float, images: Path) -> Result:
    """Compare this project's prediction of batches with onnxruntime's, on all cores.

    Args:
        backbone: the backbone's name.
        model: its `.keras` file.
        graph: its ONNX graph.
        export: the processor time of writing the graph in s, after the import of TensorFlow.
        images: the file of images to predict.
    """
    comparison = compare(
        Side("onnxruntime", f"{__name__}:onnxruntime_batches", {"graph": str(graph), "images": str(images)}),
        Side("Keras on JAX", f"{__name__}:jax_batches", {"model": str(model), "images": str(images)}),
        warm_up=0,  # each side predicts two batches as preparation
    )
    gained = comparison.their_median - comparison.our_median
    rows = (
        f"the export of {export:.0f} s pays off after {export / gained:,.0f} rows" if gained > 0 else "never pays off"
    )
    return Result(
        ROW,
        f"{backbone}, batches of {BATCH} on all cores",
        ours=f"onnxruntime {1 / comparison.our_median:.1f} rows/s",
        against=f"this project's prediction {1 / comparison.their_median:.1f} rows/s",
        ratio=comparison.ratio,
        to_reach="",
        reached=None,
        remark=rows,
        measured=asdict(comparison) | {"export": export},
    )


def onnxruntime_batches(graph: str, images: str) -> Callable[[], int]:
    """Return a repetition of predicting batches with onnxruntime for a second."""
    batch, network = _batch(images), open_network(graph, Path(graph).read_bytes())

    def work(batches: int) -> None:
        for _ in range(batches):
            network(batch)

    return for_a_second(work)


def jax_batches(model: str, images: str) -> Callable[[], int]:
    """Return a repetition of this project's prediction of batches for a second."""
    from hbac_assets.learning.device import configure, on_device
    from hbac_assets.learning.network import Network
    from hbac_assets.learning.prediction import compile_forward, load_model

    configure("cpu", "float32", None)
    batch, network = _batch(images), Network(load_model(Path(model)))
    forward, variables = compile_forward(network), on_device((network.weights(), network.non_trainable()))

    def work(batches: int) -> None:
        for _ in range(batches):
            np.asarray(forward(*on_device((*variables, batch))))

    return for_a_second(work)


def _batch(images: str) -> np.ndarray:
    loaded = np.load(images, allow_pickle=False)
    return np.resize(loaded, (BATCH, *loaded.shape[1:]))


def out_of_fold(experiment: str, convert: Convert) -> list[Result]:
    """Return the KL divergences of each member of an experiment, or one result with the reason for their absence."""
    try:
        lineage = finished(experiment)
    except HbacError as error:
        return [Result(ROW, f"{experiment}, KL out of fold", "", "", None, "", None, str(error))]
    return [
        Result(
            ROW,
            f"{experiment}, {member}: KL out of fold",
            ours=", ".join(f"{form} {kl[form]:.4f}" for form in FORMS),
            against=f"Keras on JAX {kl[None]:.4f}",
            ratio=None,
            to_reach="",
            reached=None,
            measured={str(form): value for form, value in kl.items()},
        )
        for member, kl in kl_out_of_fold(lineage, FORMS, convert).items()
    ]
