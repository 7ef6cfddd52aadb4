"""Opening a network with the runtime for its file name."""

from hbac_assets.inference.litert_network import open_litert
from hbac_assets.inference.onnx_network import open_network as open_onnx
from hbac_assets.inference.predictor import Network

LITERT = ".tflite"


def open_network(name: str, content: bytes, threads: int | None = None) -> Network:
    """Return the function of a network.

    Args:
        name: the name of its file; `.tflite` files are computed by LiteRT, all others by onnxruntime.
        content: the content of the file.
        threads: of the computation; None: the number of cores available to this process.

    Raises:
        HbacError: the runtime's package is not installed, or cannot read the file.
    """
    return open_litert(content, threads) if name.endswith(LITERT) else open_onnx(content, threads)
