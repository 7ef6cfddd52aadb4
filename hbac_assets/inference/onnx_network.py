"""A network computed by onnxruntime."""

import os

import numpy as np

from hbac_assets.errors import HbacError
from hbac_assets.inference.predictor import Network

ROWS_AT_ONCE = 16
"""Rows at a time: a network needs hundreds of times the size of a large image."""


def open_network(graph: bytes, threads: int | None = None) -> Network:
    """Return the function of an ONNX graph.

    Args:
        graph: the content of its file.
        threads: of the computation; None: the number of cores available to this process.

    Raises:
        HbacError: onnxruntime is not installed, or cannot read the graph.
    """
    try:
        import onnxruntime
    except ImportError:
        raise HbacError(
            "onnxruntime: expected the package that computes a bundle's networks, found none; install it, as with "
            "hbac-assets[bundle]"
        ) from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads or visible_cores(), 1
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has a separate exception for each status
        raise HbacError(f"expected an ONNX graph, found {' '.join(str(error).split())}") from None
    (argument,) = session.get_inputs()

    return in_parts(lambda part: np.asarray(session.run(None, {argument.name: part})[0]), len(argument.shape))


def in_parts(compute: Network, axes: int) -> Network:
    """Return a network that computes `ROWS_AT_ONCE` rows at a time.

    Args:
        compute: the network, of float32 inputs with `axes` axes.
        axes: the number of axes of its input.
    """

    def network(arrays: np.ndarray) -> np.ndarray:
        inputs = entering(arrays, axes)
        parts = [inputs[start : start + ROWS_AT_ONCE] for start in range(0, len(inputs), ROWS_AT_ONCE)]
        return np.concatenate(list(map(compute, parts)))

    return network


def entering(arrays: np.ndarray, axes: int) -> np.ndarray:
    """Return inputs (N, ...) in single precision, repeated in three channels if the network has one axis more."""
    single = arrays.astype(np.float32)
    return np.repeat(single[..., None], 3, axis=-1) if axes == single.ndim + 1 else single


def visible_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
