"""Whether weights fit into half precision, whose largest number is 65,504.

A larger weight becomes infinite in an ONNX graph; TensorFlow's converter clips it to that number.
"""

from collections.abc import Iterator

import numpy as np

from hbac_assets.errors import HbacError
from hbac_assets.inference.forms import Form

LARGEST = float(np.finfo(np.float16).max)


def require_range(content: bytes, form: Form, what: str) -> None:
    """Require that all weights of a network are in the range of half precision.

    Args:
        content: the content of the network's file.
        form: the network's form.
        what: the network's member and fold, for messages.

    Raises:
        HbacError: a weight is out of range; the message names its tensor.
    """
    stored = {"onnx": _of_onnx, "litert": _of_litert}[form.runtime](content)
    for name, weights in stored:
        if not np.all(np.abs(weights) < LARGEST):  # NaN must not pass
            raise HbacError(
                f"{what}, {name}: expected weights below {LARGEST:,.0f} for half precision, found one that is not; "
                "use float32"
            )


def _of_onnx(content: bytes) -> Iterator[tuple[str, np.ndarray]]:
    import onnx

    for weights in onnx.load_from_string(content).graph.initializer:
        values = onnx.numpy_helper.to_array(weights)
        if values.dtype == np.float16:
            yield weights.name, values


def _of_litert(content: bytes) -> Iterator[tuple[str, np.ndarray]]:
    from ai_edge_litert import schema_py_generated as schema

    model = schema.Model.GetRootAs(content, 0)
    for subgraph in map(model.Subgraphs, range(model.SubgraphsLength())):
        for tensor in map(subgraph.Tensors, range(subgraph.TensorsLength())):
            buffer = model.Buffers(tensor.Buffer())
            if tensor.Type() == schema.TensorType.FLOAT16 and buffer.DataLength():
                yield tensor.Name().decode(), buffer.DataAsNumpy().view(np.float16)
