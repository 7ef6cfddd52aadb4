"""Opening a network by the name of its file."""

from hbac_assets.inference.litert_network import open_litert
from hbac_assets.inference.onnx_network import open_network as open_onnx
from hbac_assets.inference.predictor import Network

LITERT = ".tflite"


def open_network(name: str, content: bytes, threads: int | None = None) -> Network:
    """Return the function of a network.

    Args:
        name: of its file; what ends in `.tflite` is computed by LiteRT, anything else by onnxruntime.
        content: of its file.
        threads: that it computes with; None: as many as there are cores for this process.

    Raises:
        HbacError: the runtime's package is not installed, or cannot read the file.
    """
    return open_litert(content, threads) if name.endswith(LITERT) else open_onnx(content, threads)
