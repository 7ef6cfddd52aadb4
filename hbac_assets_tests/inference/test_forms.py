"""The forms of a network: converted in the export's process, run, compared, and refused if they differ."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import onnx
import pytest

from benchmarks.untrained import write_untrained
from hbac_assets.commands import bundle
from hbac_assets.commands.main import command_line
from hbac_assets.errors import HbacError
from hbac_assets.inference import converter, export, graphs
from hbac_assets.inference.bundle import open_bundle
from hbac_assets.inference.forms import PRECISIONS, SUFFIXES, Form
from hbac_assets.inference.graphs import compare_graph, converting, require_score_kept
from hbac_assets.inference.networks import open_network
from hbac_assets.learning.device import configure
from hbac_assets.learning.inputs.kinds import KINDS
from hbac_assets.learning.prediction import load_model, predict
from hbac_assets.learning.published_backbones import BACKBONES
from hbac_assets.learning.settings import Preprocessing
from hbac_assets.signals.window import Window
from hbac_assets_tests.inference.small_bundle import describe, write_bundle, write_graph
from hbac_assets_tests.learning.conftest import add_tiny_backbone

FORMS = [Form("onnx", "float32"), Form("onnx", "float16"), *(Form("litert", precision) for precision in PRECISIONS)]
LITERT = [form for form in FORMS if form.runtime == "litert"]
RECIPE = Preprocessing(image_size=(32, 32))


@pytest.fixture(autouse=True, scope="module")
def tiny() -> None:
    configure("cpu", "float32", None)
    add_tiny_backbone()


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(24, 32, 32)).astype(np.float16)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, images: np.ndarray) -> Path:
    """A tiny model, one with a weight of 100,000, a single layer, and their LiteRT files, written by one process."""
    folder = tmp_path_factory.mktemp("forms")
    model = write_untrained("tiny", RECIPE, images, folder / "tiny.keras")
    kernel = model.layers[-1].kernel
    kernel.assign(1e5 * np.eye(*kernel.shape, dtype=np.float32))
    model.save(folder / "large.keras")
    keras.Sequential([keras.Input((12,)), keras.layers.Dense(6)]).save(folder / "layer.keras")
    wanted = [("layer", "float32"), ("large", "float16"), *(("tiny", form.precision) for form in LITERT)]
    lines = [
        json.dumps([str(folder / f"{name}.keras"), str(folder / f"{name}_{precision}.tflite"), "litert", precision])
        for name, precision in wanted
    ]
    program = [sys.executable, "-P", converter.__file__]
    environment = {name: value for name, value in os.environ.items() if name != "XLA_FLAGS"}  # flags of another version
    done = subprocess.run(program, input="\n".join(lines), env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [json.loads(line)[1] for line in lines]
    return folder


@pytest.mark.parametrize("form", LITERT, ids=str)
def test_a_litert_file_computes_as_its_model(folder: Path, images: np.ndarray, form: Form) -> None:
    file = folder / f"tiny_{form.precision}.tflite"
    difference = compare_graph(file, folder / "tiny.keras", images, "tiny fold 0", form)
    assert (difference <= 1e-5) == form.is_exact
    assert difference <= form.tolerance


def test_a_network_of_features_as_that_of_stacking_becomes_a_litert_file(folder: Path) -> None:
    features = np.random.default_rng(0).normal(size=(5, 12))
    layer = keras.models.load_model(folder / "layer.keras").layers[-1]
    found = open_network("layer.tflite", (folder / "layer_float32.tflite").read_bytes())(features)
    np.testing.assert_allclose(found, features @ np.asarray(layer.kernel), atol=1e-5)


def test_fewer_bits_make_smaller_files(folder: Path) -> None:
    sizes = [(folder / f"tiny_{precision}.tflite").stat().st_size for precision in ("float32", "float16", "int8")]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == 3


def test_a_bundle_of_litert_files_predicts(folder: Path, images: np.ndarray, tmp_path: Path) -> None:
    """The folds are one model in two forms; the member's input has the model's size."""
    description = write_bundle(tmp_path)
    graphs = [f"graphs/kaggle_{precision}.tflite" for precision in ("float32", "float16")]
    for graph in graphs:
        (tmp_path / graph).write_bytes((folder / f"tiny_{graph.rpartition('_')[2]}").read_bytes())
    member = {"recipe": RECIPE.model_dump(mode="json"), "test_time": None, "graphs": graphs}
    blend = {"members": ["kaggle"], "mean_of": "probabilities", "weights": {"kaggle": 1.0}}
    describe(tmp_path, description | {"members": {"kaggle": member}, "blend": blend})
    power = np.random.default_rng(1).lognormal(size=(400, 300)).astype(np.float32)
    image = np.asarray(KINDS["kaggle"].of_window(Window(spectrogram=power), RECIPE))
    expected = predict(load_model(folder / "tiny.keras"), image[None], 1)
    found = open_bundle(tmp_path, threads=1).predict([Window(spectrogram=power)] * 3).probabilities
    np.testing.assert_allclose(found, np.repeat(expected, 3, axis=0), atol=1e-3)


@pytest.mark.parametrize("runtime", SUFFIXES)
def test_a_weight_beyond_half_precision_is_refused(folder: Path, images: np.ndarray, tmp_path: Path, runtime) -> None:
    """TensorFlow's converter clips weights to the largest number of half precision."""
    file = folder / "large_float16.tflite"
    if runtime == "onnx":
        file = tmp_path / "large.onnx"
        write_graph(file, np.full((32 * 32 * 3, 6), 1e5, np.float32), (32, 32, 3))
        graph = onnx.load(file)
        converter.halve(graph.graph)
        onnx.save(graph, file)
    with pytest.raises(HbacError, match=r"^large fold 0, \S+: expected weights below 65,504 .* use float32$"):
        compare_graph(file, folder / "large.keras", images, "large fold 0", Form(runtime, "float16"))


def test_a_graph_in_half_precision_computes_with_the_rounded_weights(tmp_path: Path) -> None:
    weights = np.random.default_rng(0).normal(0, 0.1, (32 * 32 * 3, 6)).astype(np.float32)
    write_graph(tmp_path / "whole.onnx", weights, (32, 32, 3))
    write_graph(tmp_path / "rounded.onnx", weights.astype(np.float16).astype(np.float32), (32, 32, 3))
    graph = onnx.load(tmp_path / "whole.onnx")
    converter.halve(graph.graph)
    onnx.checker.check_model(graph)
    content = graph.SerializeToString()
    images = np.random.default_rng(1).normal(size=(3, 32, 32)).astype(np.float16)
    expected = open_network("rounded.onnx", (tmp_path / "rounded.onnx").read_bytes())(images)
    np.testing.assert_array_equal(open_network("half.onnx", content)(images), expected)
    assert len(content) < 0.6 * (tmp_path / "whole.onnx").stat().st_size


def confident(hit: float) -> np.ndarray:
    """Predictions (6, 6) for a row of each class, with a given probability of its own class."""
    others = (1 - hit) / 5
    return np.where(np.eye(6, dtype=bool), hit, others)


def test_what_is_small_keeps_its_precision(tmp_path: Path) -> None:
    """Such as an epsilon, which half precision may round to zero."""
    write_graph(tmp_path / "small.onnx", np.full((12, 6), 1e-9, np.float32), (12,))
    graph = onnx.load(tmp_path / "small.onnx")
    converter.halve(graph.graph)
    assert graph == onnx.load(tmp_path / "small.onnx")


@pytest.mark.parametrize("hit", [0.6, np.nan])
def test_a_form_that_scores_worse_is_refused(hit: float) -> None:
    shares, model = np.eye(6), confident(0.7)
    for kept in (model, confident(0.6995), confident(0.8)):
        require_score_kept(kept, model, shares, "one fold 0")
    with pytest.raises(
        HbacError, match=r"one fold 0: expected a KL .* 0\.002 above its .* found .*use a higher precision"
    ):
        require_score_kept(confident(hit), model, shares, "one fold 0")


def test_the_votes_of_held_out_rows_decide_on_a_form(
    folder: Path, images: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All votes favour the small differences due to 8 bits, or none do; no increase is tolerated here."""
    monkeypatch.setattr(graphs, "MOST_RISE", 0.0)
    file, model, form = folder / "tiny_int8.tflite", folder / "tiny.keras", Form("litert", "int8")
    ratio = open_network(file.name, file.read_bytes())(images) / predict(load_model(model), images, 8)
    raised, lowered = np.eye(6)[ratio.argmax(axis=1)], np.eye(6)[ratio.argmin(axis=1)]
    assert compare_graph(file, model, images, "tiny fold 0", form, raised) > 0
    with pytest.raises(HbacError, match=r"tiny fold 0, litert in int8: expected a KL divergence"):
        compare_graph(file, model, images, "tiny fold 0", form, lowered)


def test_what_is_no_litert_file_is_refused() -> None:
    with pytest.raises(HbacError, match=r"^expected a LiteRT file, found "):
        open_network("one.tflite", b"no model" * 9)


def test_without_litert_the_extra_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(
        HbacError, match=r"^ai-edge-litert: expected the package .* found none; .*hbac-assets\[litert\]$"
    ):
        open_network("one.tflite", (folder / "tiny_float32.tflite").read_bytes())
    monkeypatch.setattr(export, "find_spec", {"onnx": True}.get)
    assert export.missing_extra(Form("litert")).endswith("found no ai_edge_litert; install hbac-assets[litert]")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--format", "litert"], "--output: expected the path of a zip for litert in float32, found none; the store"),
        (["--precision", "int8"], "--precision: expected float32 or float16 with onnx, found int8; use litert"),
    ],
)
def test_what_cannot_be_bundled_is_refused_in_one_line(options: list[str], said: str) -> None:
    with pytest.raises(HbacError, match=f"^{said}"):
        bundle.main(command_line().parse_args(["bundle", *options]))


@pytest.mark.long
@pytest.mark.parametrize("backbone", BACKBONES)
def test_each_backbone_computes_as_its_model_in_every_form(backbone: str, tmp_path: Path) -> None:
    """Strides of 2 meet odd numbers of pixels; statistics of the images keep features from vanishing or exploding.

    Untrained networks are more sensitive to rounded weights than trained ones, which are checked at export.
    """
    kind = {1: "waveform", 2: "kaggle"}[BACKBONES[backbone].dimensions]
    recipe = Preprocessing.model_validate({"input": kind, "image_size": (100, 75)})
    images = np.random.default_rng(0).normal(size=(24, *recipe.kind.shape(recipe))).astype(np.float16)
    model = tmp_path / "one.keras"
    write_untrained(backbone, recipe, images, model)
    expected = predict(load_model(model), images, 12)
    with converting() as convert:
        for form in FORMS:
            graph = tmp_path / f"{form.precision}{form.suffix}"
            convert(model, graph, form)
            found = open_network(graph.name, graph.read_bytes())(images)
            difference = np.abs(found - expected)
            if form.runtime == "onnx" and form.is_exact:
                assert difference.max() <= form.tolerance
            assert difference.mean() <= {"float32": 1e-5, "float16": 5e-3, "int8": 0.1}[form.precision], form
            assert found.std(axis=0).min() > 1e-3, form
