"""A bundle as a Triton model repository: its files, the description of the graphs, and the same predictions.

A stand-in calls the ensemble's model. Triton itself is tested with the package nvidia-pytriton, which lacks the ONNX
backend: there onnxruntime computes the graphs in Triton's Python backend.
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
import pytest

from hbac_assets.errors import HbacError
from hbac_assets.inference.bundle import open_bundle
from hbac_assets.inference.carrying import carried_modules
from hbac_assets.inference.triton import write_repository
from hbac_assets.signals.window import SHAPES, Window
from hbac_assets_tests.chain.test_bundle import environment
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
    """The ensemble's model, as loaded by Triton's Python backend."""
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
    triton_stand_in.require_described(repository, bundle, NETWORKS)


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


def test_a_backend_that_changes_arrays_is_refused(repository, model, monkeypatch):
    monkeypatch.setattr(triton_stand_in.Tensor, "as_numpy", lambda self: np.full_like(self.array, self.array.flat[0]))
    with pytest.raises(
        triton_stand_in.TritonModelException, match=r"found one that changes its arrays; install numpy<2"
    ):
        model.initialize({})


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
CLIENT = """
import sys
from pathlib import Path
import numpy as np
from google.protobuf import text_format
from tritonclient.grpc import InferenceServerClient, InferInput, model_config_pb2
from tritonclient.utils import InferenceServerException

repository, folder, ensemble, port = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4]
for file in repository.glob("*/config.pbtxt"):
    config = text_format.Parse(file.read_text(), model_config_pb2.ModelConfig())
    assert config.name == file.parent.name and config.HasField("dynamic_batching")
    assert {one.optional for one in config.input} == {config.name == ensemble}
client = InferenceServerClient(f"127.0.0.1:{port}")
sent = dict(np.load(folder / "sent.npz"))

def infer(**arrays):
    inputs = [InferInput(name, one.shape, "FP32") for name, one in arrays.items()]
    for tensor, array in zip(inputs, arrays.values()):
        tensor.set_data_from_numpy(array)
    return client.infer(ensemble, inputs).as_numpy("probabilities")

found = {"both": infer(**sent), "eeg": infer(eeg=sent["eeg"])}
np.savez(folder / "found.npz", **found, unseen=infer(eeg=np.full_like(sent["eeg"][:1], np.nan)))
try:
    infer(eeg=sent["eeg"] * np.float32(1e-6))
except InferenceServerException as error:
    print(error.message())
"""


@pytest.mark.long
def test_in_triton(repository, bundle, tmp_path):
    """Triton from nvidia-pytriton, in its own environment, since it requires an older numpy than this project."""
    python = environment(tmp_path / "environment", "nvidia-pytriton", "scipy", "pyarrow<23", "onnxruntime")
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(subprocess.run([python, "-c", where], capture_output=True, text=True, check=True).stdout.strip())
    shutil.copytree(repository, tmp_path / "models")
    for name in NETWORKS:
        config = tmp_path / "models" / name / "config.pbtxt"
        config.write_text(config.read_text().replace('"onnxruntime"', '"python"').partition("parameters")[0])
        (config.parent / "1" / "model.py").write_text(BY_ONNXRUNTIME)
    np.savez(tmp_path / "sent.npz", eeg=EEG, spectrogram=POWER)
    with triton_server(packages, tmp_path) as port:
        command = [python, "-c", CLIENT, repository, tmp_path, ENSEMBLE, str(port)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "row 1, eeg: expected an EEG of 0.1 to 1500 µV" in done.stdout
    found, predictor = np.load(tmp_path / "found.npz"), open_bundle(bundle)
    np.testing.assert_allclose(found["both"], predictor.predict(map(Window, EEG, POWER)).probabilities, atol=1e-5)
    np.testing.assert_allclose(found["eeg"], predictor.predict(map(Window, EEG)).probabilities, atol=1e-5)
    assert np.isnan(found["unseen"]).all()


@contextmanager
def triton_server(packages, folder):
    """Run Triton with the models in `folder`, and yield its gRPC port."""
    package, backends = packages / "pytriton" / "tritonserver", folder / "backends"
    shutil.copytree(package / "backends", backends)
    stub = backends / "python" / "triton_python_backend_stub"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    shutil.copyfile(package / "python_backend_stubs" / version / stub.name, stub)
    stub.chmod(0o755)
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    http, grpc = (probe.getsockname()[1] for probe in probes)
    for probe in probes:
        probe.close()
    environment = {
        **os.environ,
        "PATH": f"{packages.parents[2] / 'bin'}:{os.environ['PATH']}",  # whose Python the backend takes
        "LD_LIBRARY_PATH": f"{sysconfig.get_config_var('LIBDIR')}:{packages / 'nvidia_pytriton.libs'}",
    }
    command = [
        package / "bin" / "tritonserver",
        "--model-repository", folder / "models", "--backend-directory", backends,
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
