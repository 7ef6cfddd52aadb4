"""Keras models as ONNX graphs, through the process that exports them."""

from pathlib import Path

import keras
import numpy as np
import pytest

from hbac_assets.errors import HbacError
from hbac_assets.inference.graphs import compare_graph, export_graphs, in_single_precision, require_alike
from hbac_assets.learning.backbones import build_classifier
from hbac_assets.learning.device import configure
from hbac_assets.learning.settings import MemberSettings, Preprocessing
from hbac_assets_tests.inference.small_bundle import write_graph
from hbac_assets_tests.learning.conftest import add_tiny_backbone


@pytest.fixture(autouse=True, scope="module")
def tiny() -> None:
    configure("cpu", "float32", None)
    add_tiny_backbone()


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(5, 32, 32)).astype(np.float16)


def saved(path: Path) -> Path:
    """A classifier with batch normalisation and data-wide normalisation, saved."""
    preprocessing = Preprocessing(image_size=(32, 32), normalisation="data_wide")
    model = build_classifier(MemberSettings(backbone="tiny", preprocessing=preprocessing))
    model.save(path)
    return path


@pytest.mark.long
def test_a_graph_computes_as_its_model_for_any_number_of_rows(tmp_path: Path, images: np.ndarray) -> None:
    model, graph = saved(tmp_path / "one.keras"), tmp_path / "graphs" / "one.onnx"
    said: list[str] = []
    export_graphs({graph: model}, said.append)
    assert said == ["one.onnx: exported, 1 of 1"]
    assert [path.name for path in graph.parent.iterdir()] == ["one.onnx"]
    for rows in (1, 5):
        assert compare_graph(graph, model, images[:rows], "one fold 0") <= 1e-5


@pytest.mark.long
def test_a_model_that_cannot_be_exported_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.keras").write_bytes(b"no model")
    with pytest.raises(HbacError, match=r"broken\.keras: expected a model .* can export as onnx in float32, found"):
        export_graphs({tmp_path / "broken.onnx": tmp_path / "broken.keras"}, pytest.fail)
    assert not (tmp_path / "broken.onnx").exists()


def test_of_a_model_in_mixed_precision_the_graph_is_that_of_single_precision(
    tmp_path: Path, images: np.ndarray
) -> None:
    whole = saved(tmp_path / "whole.keras")
    assert in_single_precision(whole, tmp_path / "copy.keras") == whole
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        mixed = saved(tmp_path / "mixed.keras")
    finally:
        keras.config.set_dtype_policy("float32")
    copy = keras.models.load_model(in_single_precision(mixed, tmp_path / "copy.keras"), compile=False)
    inputs = np.repeat(images[..., None], 3, axis=-1).astype(np.float32)
    expected = keras.models.load_model(whole, compile=False)(inputs)
    np.testing.assert_array_equal(copy(inputs), expected)
    assert np.any(keras.models.load_model(mixed, compile=False)(inputs) != expected)


def test_a_graph_that_computes_something_else_is_refused(tmp_path: Path, images: np.ndarray) -> None:
    model = saved(tmp_path / "one.keras")
    write_graph(tmp_path / "other.onnx", np.zeros((32 * 32 * 3, 6), np.float32), (32, 32, 3))
    with pytest.raises(HbacError, match=r"one fold 0: expected a graph \(onnx in float32\) .* up to 1e-05, found a"):
        compare_graph(tmp_path / "other.onnx", model, images * 9, "one fold 0")


def test_what_is_no_number_is_no_small_difference() -> None:
    with pytest.raises(HbacError, match="found a difference of nan"):
        require_alike(np.full((2, 6), np.nan), np.ones((2, 6)), "one fold 0")
