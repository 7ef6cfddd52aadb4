"""A network computed by LiteRT."""

import numpy as np

from hbac_assets.errors import HbacError
from hbac_assets.inference.onnx_network import entering, visible_cores
from hbac_assets.inference.predictor import Network


def open_litert(content: bytes, threads: int | None = None) -> Network:
    """Return the function of a LiteRT file, computed one row at a time.

    Args:
        content: the content of the file.
        threads: of the computation; None: the number of cores available to this process.

    Raises:
        HbacError: ai-edge-litert is not installed, or cannot read the file.
    """
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        raise HbacError(
            "ai-edge-litert: expected the package that computes LiteRT files, found none; install it, as with "
            "hbac-assets[litert]"
        ) from None
    try:
        interpreter = Interpreter(model_content=content, num_threads=threads or visible_cores())
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise HbacError(f"expected a LiteRT file, found {' '.join(str(error).split())}") from None
    (argument,), (result,) = interpreter.get_input_details(), interpreter.get_output_details()

    def of_row(row: np.ndarray) -> np.ndarray:
        interpreter.set_tensor(argument["index"], row[None])
        interpreter.invoke()
        found: np.ndarray = interpreter.get_tensor(result["index"])[0]
        return found

    def network(arrays: np.ndarray) -> np.ndarray:
        return np.stack([of_row(entering(row[None], len(argument["shape"]))[0]) for row in arrays])

    return network
