"""Conversion of Keras models to ONNX graphs: a program for a separate process that runs TensorFlow.

It is started as a file and must not import `hbac_assets`, which selects JAX for Keras. Each line of its standard input
is a JSON list, the path of a `.keras` file and that of its graph; it prints the latter when it is written. It ends soon
after the process that started it, when its input closes.
"""

import json
import os
import sys

OPSET = 17
"""The ONNX operator set, supported by onnxruntime from 1.13 on."""


def main() -> None:
    """Export the models that the standard input names."""
    os.environ |= {"KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    for line in sys.stdin:
        model, graph = json.loads(line)
        export(model, graph)
        print(graph, flush=True)


def export(source: str, target: str) -> None:
    """Write the model in the file `source` as an ONNX graph to `target`, with a dynamic number of rows."""
    import keras
    import keras_cv  # noqa: F401  (registers the classes of the backbones)
    import tensorflow as tf
    import tf2onnx

    model = keras.models.load_model(source, compile=False, safe_mode=True)
    rows = tf.TensorSpec((None, *model.input_shape[1:]), tf.float32, name="input")
    model(tf.zeros((1, *model.input_shape[1:])), training=False)  # some layers are built by their first call
    forward = tf.function(lambda inputs: model(inputs, training=False), input_signature=[rows])
    tf2onnx.convert.from_function(forward, input_signature=[rows], opset=OPSET, output_path=target)


if __name__ == "__main__":
    main()
