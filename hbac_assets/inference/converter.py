"""Conversion of Keras models to ONNX graphs and LiteRT files: a program for a separate process with TensorFlow.

It is run as a file and must not import `hbac_assets`, which selects JAX for Keras. Each line of its standard input is a
JSON list: the path of a `.keras` file, the output path, `onnx` or `litert`, and the precision of the weights. It prints
the output path once the file is written. It exits when its input closes, and so soon after its parent process.
"""

import json
import os
import sys
from typing import Any

OPSET = 17
"""The ONNX operator set, supported by onnxruntime from 1.13 on."""
LEAST_VALUES = 256
"""Smaller arrays stay in single precision: they save little space and may be constants of a formula."""


def main() -> None:
    """Convert the models listed in the standard input."""
    os.environ |= {"KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # output of libraries
    write = {"onnx": write_onnx, "litert": write_litert}
    for line in sys.stdin:
        source, target, runtime, precision = json.loads(line)
        write[runtime](load(source), target, precision)
        print(target, file=answers, flush=True)


def load(source: str) -> Any:
    """Return the model in a `.keras` file."""
    import keras
    import keras_cv  # noqa: F401  (registers the classes of the backbones)

    model = keras.models.load_model(source, compile=False, safe_mode=True)
    model(keras.ops.zeros((1, *model.input_shape[1:])), training=False)  # some layers are built by their first call
    return model


def write_onnx(model: Any, target: str, precision: str) -> None:
    """Write a model as an ONNX graph with weights in `float32` or `float16`, for any number of rows."""
    import onnx
    import tensorflow as tf
    import tf2onnx

    rows = tf.TensorSpec((None, *model.input_shape[1:]), tf.float32, name="input")
    forward = tf.function(lambda inputs: model(inputs, training=False), input_signature=[rows])
    graph, _ = tf2onnx.convert.from_function(forward, input_signature=[rows], opset=OPSET)
    if precision == "float16":
        halve(graph.graph)
    onnx.save(graph, target)


def halve(graph: Any) -> None:
    """Store the weights of an ONNX graph in half precision; the computation remains in single precision.

    onnxruntime casts the weights when it opens the graph.
    """
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    casts = []
    for weights in graph.initializer:
        values = numpy_helper.to_array(weights)
        if values.dtype == np.float32 and values.size >= LEAST_VALUES:
            name, stored = weights.name, f"{weights.name}__half"
            with np.errstate(over="ignore"):  # the range is checked in the file afterwards
                weights.CopyFrom(numpy_helper.from_array(values.astype(np.float16), stored))
            casts.append(helper.make_node("Cast", [stored], [name], name=f"{name}__cast", to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]  # nodes must be in topological order
    del graph.node[:]
    graph.node.extend(nodes)


def write_litert(model: Any, target: str, precision: str) -> None:
    """Write a model as a LiteRT file that takes one row at a time, with weights in `float32`, `float16` or `int8`.

    With int8, the weights are stored with a scale per filter, and a layer quantises its inputs by their current range
    ("dynamic range quantization"), so that no calibration data are needed.
    """
    import tensorflow as tf

    row = tf.TensorSpec((1, *model.input_shape[1:]), tf.float32, name="input")
    forward = tf.function(lambda inputs: model(inputs, training=False), input_signature=[row])
    # The model is not passed as the second argument: the converter does not support Keras 3 and would omit its weights.
    converter = tf.lite.TFLiteConverter.from_concrete_functions([forward.get_concrete_function()])
    if precision != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if precision == "float16":
        converter.target_spec.supported_types = [tf.float16]
    with open(target, "wb") as file:  # noqa: PTH123  (paths are strings in this program)
        file.write(converter.convert())


if __name__ == "__main__":
    main()
