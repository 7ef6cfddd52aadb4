"""A bundle as Triton's model repository: its files, what they say of the graphs, and that it predicts as the bundle.

Triton itself comes with nvidia-pytriton, without the backend that computes ONNX: where that package is installed,
onnxruntime computes the graphs in Triton's Python backend instead. Elsewhere a stand-in calls the ensemble's model.
"""

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from hbac_assets.errors import HbacError
from hbac_assets.inference.bundle import open_bundle
from hbac_assets.inference.carrying import carried_modules
from hbac_assets.inference.triton import write_repository
from hbac_assets.signals.window import SHAPES, Window
from hbac_assets_tests.inference import triton_stand_in
from hbac_assets_tests.inference.small_bundle import describe, write_bundle

RANDOM = np.random.default_rng(0)
EEG = RANDOM.normal(0, 30, (20, 10_000, 19)).astype(np.float32)
POWER = RANDOM.lognormal(size=(20, 400, 300)).astype(np.float32)
ENSEMBLE = "hbac-small"
NETWORKS = ["eeg_0", "eeg_1", "kaggle_0", "kaggle_1", "stacking"]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("triton") / "bundle"
    description = write_bundle(folder, stacking=True)
    for name, text in carried_modules().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    describe(folder, description | {"experiment": "small"})
    return folder


@pytest.fixture(scope="module")
def repository(bundle):
    assert write_repository(bundle, bundle.parent / "models") == [ENSEMBLE, *NETWORKS]
    return bundle.parent / "models"


@pytest.fixture
def model(repository, monkeypatch):
    """The ensemble's model, as Triton's Python backend would have it."""
    monkeypatch.setitem(sys.modules, "triton_python_backend_utils", triton_stand_in)
    monkeypatch.setattr(triton_stand_in, "REPOSITORY", [repository])
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    spec = importlib.util.spec_from_file_location("model", repository / ENSEMBLE / "1" / "model.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    model = module.TritonPythonModel()
    model.initialize({})
    yield model
    for name in set(sys.modules) - before:
        if name.partition(".")[0] == "hbac_bundle":
            del sys.modules[name]


def ask(model, *requests):
    tensors = [[triton_stand_in.Tensor(*pair) for pair in one.items()] for one in requests]
    return model.execute([triton_stand_in.InferenceRequest(one) for one in tensors])


def test_a_model_says_of_a_graph_what_the_graph_does(repository, bundle):
    assert sorted(one.name for one in repository.iterdir()) == sorted([ENSEMBLE, *NETWORKS])
    require_described(repository, bundle, NETWORKS)


def require_described(repository, bundle, networks):
    """Require that names, types and shapes in config.pbtxt are those that onnxruntime finds in the bundle's graphs."""
    for name in networks:
        config, graph = triton_stand_in.read_config(repository / name / "config.pbtxt"), repository / name / "1"
        assert [one.name for one in graph.iterdir()] == ["model.onnx"]
        assert (graph / "model.onnx").read_bytes() == (bundle / "graphs" / f"{name}.onnx").read_bytes()
        session = onnxruntime.InferenceSession(graph / "model.onnx")
        assert (config["name"], config["backend"]) == (name, "onnxruntime")
        for word, tensors in (("input", session.get_inputs()), ("output", session.get_outputs())):
            assert {one.type for one in tensors} == {"tensor(float)"}
            assert config[word] == {one.name: ("TYPE_FP32", tuple(one.shape[1:])) for one in tensors}


def test_the_ensemble_is_described_and_carries_the_bundle_without_its_graphs(repository, bundle):
    config = triton_stand_in.read_config(repository / ENSEMBLE / "config.pbtxt")
    assert config["input"] == {name: ("TYPE_FP32", shape) for name, shape in SHAPES.items()}
    assert config["output"] == {"probabilities": ("TYPE_FP64", (6,)), "members": ("TYPE_FP64", (2, 6))}
    carried = repository / ENSEMBLE / "1" / "bundle"
    assert not list(carried.rglob("*.onnx"))
    assert (carried / "bundle.json").read_bytes() == (bundle / "bundle.json").read_bytes()
    done = subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=carried, check=False)
    assert done.returncode == 0


def test_requests_are_answered_as_the_bundle_does(model, bundle):
    blind = np.full_like(EEG[:1], np.nan)
    requests = [
        {"eeg": EEG, "spectrogram": POWER},  # more windows than a network takes at once
        {"eeg": EEG[:2]},
        {"eeg": blind, "spectrogram": np.full_like(POWER[:1], np.nan)},
        {"eeg": blind, "spectrogram": POWER[:1]},
    ]
    found = ask(model, *requests)
    expected = open_bundle(bundle).predict(
        [*map(Window, EEG, POWER), *map(Window, EEG[:2]), Window(), Window(None, POWER[0])]
    )
    rows = np.cumsum([0, 20, 2, 1, 1])
    for number, response in enumerate(found):
        assert not response.has_error()
        part = slice(*rows[number : number + 2])
        probabilities = np.full((1, 6), np.nan) if number == 2 else expected.probabilities[part]
        np.testing.assert_allclose(response.tensors["probabilities"].as_numpy(), probabilities, atol=1e-6)
        np.testing.assert_allclose(response.tensors["members"].as_numpy(), expected.members[part], atol=1e-6)


def test_what_is_wrong_with_a_request_is_said_in_a_line_and_the_others_are_answered(model, bundle):
    wrong = [{"eeg": EEG[:1] * 1e-6}, {"spectrogram": -POWER[:1]}, {"eeg": EEG[:2], "spectrogram": POWER[:1]}, {}]
    said = [
        "row 1, eeg: expected an EEG of",
        "row 1, spectrogram: expected power in",
        *["request: expected as many"] * 2,
    ]
    *refused, answered = ask(model, *wrong, {"eeg": EEG[:1]})
    for response, line in zip(refused, said, strict=True):
        assert response.error().message().startswith(line)
        assert response.error().code == "INVALID_ARG"
    expected = open_bundle(bundle).predict([Window(EEG[0])]).probabilities
    np.testing.assert_allclose(answered.tensors["probabilities"].as_numpy(), expected, atol=1e-6)


def test_a_graph_of_another_type_is_refused_and_nothing_is_left(bundle, tmp_path):
    shutil.copytree(bundle, tmp_path / "bundle")
    graph = tmp_path / "bundle" / "graphs" / "eeg_0.onnx"
    described = onnx.load(graph)
    described.graph.input[0].type.tensor_type.elem_type = onnx.TensorProto.FLOAT16
    onnx.save(described, graph)
    with pytest.raises(HbacError, match=r"eeg_0\.onnx, input: expected tensors float32 .*, found another; export"):
        write_repository(tmp_path / "bundle", tmp_path / "models")
    assert not (tmp_path / "models").exists()


def test_the_configurations_are_ones_by_the_published_schema(repository):
    schema = pytest.importorskip("tritonclient.grpc.model_config_pb2", reason="tritonclient is not installed")
    from google.protobuf import text_format

    for name in (ENSEMBLE, *NETWORKS):
        config = text_format.Parse((repository / name / "config.pbtxt").read_text(), schema.ModelConfig())
        assert config.name == name
        assert config.HasField("dynamic_batching")
        assert {one.optional for one in config.input} == {name == ENSEMBLE}


BY_ONNXRUNTIME = """
import onnxruntime
from pathlib import Path
import triton_python_backend_utils as triton

class TritonPythonModel:
    def initialize(self, args):
        self.session = onnxruntime.InferenceSession(Path(__file__).with_name("model.onnx"))

    def execute(self, requests):
        (source,), (target,) = self.session.get_inputs(), self.session.get_outputs()
        arrays = [triton.get_input_tensor_by_name(one, source.name).as_numpy() for one in requests]
        found = [self.session.run([target.name], {source.name: array})[0] for array in arrays]
        return [triton.InferenceResponse([triton.Tensor(target.name, one)]) for one in found]
"""


@pytest.mark.long
def test_in_triton(repository, bundle, tmp_path):
    package = importlib.util.find_spec("pytriton")
    if package is None:
        pytest.skip("nvidia-pytriton is not installed")
    clients = pytest.importorskip("tritonclient.grpc")
    shutil.copytree(repository, tmp_path / "models")
    for name in NETWORKS:
        config = tmp_path / "models" / name / "config.pbtxt"
        config.write_text(config.read_text().replace('"onnxruntime"', '"python"').partition("parameters")[0])
        (config.parent / "1" / "model.py").write_text(BY_ONNXRUNTIME)
    with triton_server(Path(package.origin).parent / "tritonserver", tmp_path) as port:
        client = clients.InferenceServerClient(f"127.0.0.1:{port}")

        def infer(**arrays):
            inputs = [clients.InferInput(name, one.shape, "FP32") for name, one in arrays.items()]
            for tensor, array in zip(inputs, arrays.values(), strict=True):
                tensor.set_data_from_numpy(array)
            return client.infer(ENSEMBLE, inputs).as_numpy("probabilities")

        predictor = open_bundle(bundle)
        expected = predictor.predict(map(Window, EEG, POWER)).probabilities
        np.testing.assert_allclose(infer(eeg=EEG, spectrogram=POWER), expected, atol=1e-6)
        expected = predictor.predict(map(Window, EEG)).probabilities
        np.testing.assert_allclose(infer(eeg=EEG), expected, atol=1e-6)
        with pytest.raises(Exception, match=r"row 1, eeg: expected an EEG of 0\.1 to 1500 µV"):
            infer(eeg=EEG * 1e-6)


@contextmanager
def triton_server(package, folder):
    """Run the Triton of nvidia-pytriton with the models in `folder`, and yield its port for gRPC."""
    backends, version = folder / "backends", f"{sys.version_info.major}.{sys.version_info.minor}"
    shutil.copytree(package / "backends", backends)
    stub = backends / "python" / "triton_python_backend_stub"
    shutil.copyfile(package / "python_backend_stubs" / version / stub.name, stub)
    program = folder / "tritonserver"
    shutil.copyfile(package / "bin" / "tritonserver", program)
    for file in (stub, program):
        file.chmod(0o755)
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    http, grpc = (probe.getsockname()[1] for probe in probes)
    for probe in probes:
        probe.close()
    environment = {
        **os.environ,
        "PYTHONPATH": sysconfig.get_path("purelib"),
        "LD_LIBRARY_PATH": sysconfig.get_config_var("LIBDIR"),
    }
    command = [
        str(program), "--model-repository", str(folder / "models"), "--backend-directory", str(backends),
        "--http-address", "127.0.0.1", "--http-port", str(http), "--grpc-address", "127.0.0.1",
        "--grpc-port", str(grpc), "--allow-metrics", "false",
    ]  # fmt: skip
    with (folder / "triton.log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        ready = f"http://127.0.0.1:{http}/v2/health/ready"
        while server.poll() is None:
            with suppress(OSError), urllib.request.urlopen(ready, timeout=5):
                break
            time.sleep(0.2)
        assert server.poll() is None, (folder / "triton.log").read_text()[-3000:]
        yield grpc
    finally:
        server.terminate()
        server.wait(60)
