"""A network that onnxruntime computes."""

import os

import numpy as np

from hbac_assets.errors import HbacError
from hbac_assets.inference.predictor import Network

ROWS_AT_ONCE = 16
"""A large image takes hundreds of times its size on its way through a network."""


def open_network(graph: bytes, threads: int | None = None) -> Network:
    """Return the function of an ONNX graph.

    Args:
        graph: the content of its file.
        threads: that it computes with; None: as many as there are cores for this process.

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
    except Exception as error:  # onnxruntime has an exception of its own for each status
        raise HbacError(f"expected an ONNX graph, found {' '.join(str(error).split())}") from None
    (argument,) = session.get_inputs()

    def network(arrays: np.ndarray) -> np.ndarray:
        inputs = entering(arrays, len(argument.shape))
        parts = [inputs[start : start + ROWS_AT_ONCE] for start in range(0, len(inputs), ROWS_AT_ONCE)]
        return np.concatenate([session.run(None, {argument.name: part})[0] for part in parts])

    return network


def entering(arrays: np.ndarray, axes: int) -> np.ndarray:
    """Return inputs (N, ...) in single precision, images in three equal channels if a network takes so many axes."""
    single = arrays.astype(np.float32)
    return np.repeat(single[..., None], 3, axis=-1) if axes == single.ndim + 1 else single


def visible_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
