"""A stand-in for the parts of Triton's Python backend that `triton_model` uses: requests to the repository's networks.

onnxruntime computes networks as described by config.pbtxt: a name, type or shape that differs from the graph's, or too
many rows, fails here as it does in Triton.
"""

import re
from pathlib import Path

import numpy as np
import onnxruntime

REPOSITORY = [Path()]
"""The folder of the models, in its only place."""
TRITONSERVER_MEMORY_CPU = 0
TYPES = {"TYPE_FP32": np.float32, "TYPE_FP64": np.float64}


class Tensor:
    def __init__(self, name, array):
        self.name, self.array = name, array

    def as_numpy(self):
        return self.array

    def to_dlpack(self):
        return self.array

    @classmethod
    def from_dlpack(cls, name, array):
        return cls(name, array)


class PreferredMemory:
    def __init__(self, kind):
        assert kind == TRITONSERVER_MEMORY_CPU


class TritonModelException(Exception):  # noqa: N818  (its name there)
    pass


class TritonError(Exception):
    INVALID_ARG = "INVALID_ARG"

    def __init__(self, message, code=None):
        super().__init__(message)
        self.code = code

    def message(self):
        return str(self)


class InferenceResponse:
    def __init__(self, output_tensors=(), error=None):
        self.tensors, self._error = {tensor.name: tensor for tensor in output_tensors}, error

    def has_error(self):
        return self._error is not None

    def error(self):
        return self._error


class InferenceRequest:
    def __init__(self, inputs, model_name="", requested_output_names=(), preferred_memory=None):
        self.inputs = {tensor.name: tensor for tensor in inputs}
        self.model, self.outputs = model_name, requested_output_names

    def exec(self):
        config = read_config(REPOSITORY[0] / self.model / "config.pbtxt")
        assert config["backend"] == "onnxruntime"
        for name, (kind, shape) in config["input"].items():
            array = self.inputs[name].array
            assert (array.dtype, array.shape[1:]) == (TYPES[kind], shape)
            assert len(array) <= config["max_batch_size"]
        session = onnxruntime.InferenceSession(REPOSITORY[0] / self.model / "1" / "model.onnx")
        found = session.run(list(self.outputs), {name: tensor.array for name, tensor in self.inputs.items()})
        return InferenceResponse([Tensor(name, array) for name, array in zip(self.outputs, found, strict=True)])


def get_input_tensor_by_name(request, name):
    return request.inputs.get(name)


def get_output_tensor_by_name(response, name):
    return response.tensors.get(name)


def read_config(path):
    """Return backend, name, rows, and for each input and output the type and shape, from config.pbtxt."""
    text = path.read_text()
    tensors = re.findall(r'^(input|output) \{ name: "(.+)" data_type: (\w+) dims: \[([\d, ]+)\]', text, re.MULTILINE)
    described = {"input": {}, "output": {}}
    for word, name, kind, dims in tensors:
        described[word][name] = kind, tuple(map(int, dims.split(",")))
    single = dict(re.findall(r'^(name|backend): "(.+)"$', text, re.MULTILINE))
    return {**single, **described, "max_batch_size": int(re.findall(r"^max_batch_size: (\d+)$", text, re.MULTILINE)[0])}


def require_described(repository, bundle, networks):
    """Require that names, types and shapes in config.pbtxt are those that onnxruntime finds in the bundle's graphs."""
    for name in networks:
        config, graph = read_config(repository / name / "config.pbtxt"), repository / name / "1"
        assert [one.name for one in graph.iterdir()] == ["model.onnx"]
        assert (graph / "model.onnx").read_bytes() == (bundle / "graphs" / f"{name}.onnx").read_bytes()
        session = onnxruntime.InferenceSession(graph / "model.onnx")
        assert (config["name"], config["backend"]) == (name, "onnxruntime")
        for word, tensors in (("input", session.get_inputs()), ("output", session.get_outputs())):
            assert {one.type for one in tensors} == {"tensor(float)"}
            assert config[word] == {one.name: ("TYPE_FP32", tuple(one.shape[1:])) for one in tensors}
