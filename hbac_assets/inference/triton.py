"""A bundle as a model repository for Triton Inference Server: a model for each graph, and one for the ensemble.

The layout and the fields of config.pbtxt:
https://docs.nvidia.com/deeplearning/triton-inference-server/user-guide/docs/user_guide/model_repository.html and
https://github.com/triton-inference-server/common/blob/main/protobuf/model_config.proto.
"""

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hbac_assets.errors import HbacError
from hbac_assets.inference.bundle import CHECKSUMS, DESCRIPTION
from hbac_assets.inference.onnx_network import ROWS_AT_ONCE
from hbac_assets.inference.predictor import BATCH_SIZE
from hbac_assets.labels import CLASSES
from hbac_assets.signals.window import SHAPES
from hbac_assets.store.files import TEMPORARY_MARK, atomic_write, file_digest, write_faults, write_json

MODEL = Path(__file__).with_name("triton_model.py")
NETWORKS = "networks.json"
GRAPHS = "graphs/"
TYPES = {1: "TYPE_FP32"}
"""Triton's names of ONNX tensor types; exported graphs have no others."""
ONE_THREAD = 'parameters { key: "intra_op_thread_count" value { string_value: "1" } }'
"""Per network, since many are computed concurrently."""
QUEUE_MICROSECONDS = 2000
"""How long a request may wait to be batched with others: a few hundredths of its computation time."""

Tensor = tuple[str, str, Sequence[int]]
"""Name, type, and shape without the axis of rows."""


def write_repository(bundle: Path, folder: Path) -> list[str]:
    """Write the repository and return the names of its models, the ensemble's first.

    The ensemble's model runs in Triton's Python backend: it computes the inputs of the networks, calls Triton for their
    outputs, and blends these. It contains the bundle without the graphs.

    Args:
        bundle: the bundle's folder.
        folder: the repository, which must not exist; it is created atomically.

    Raises:
        HbacError: a graph has tensors other than float32, or the folder cannot be written.
    """
    temporary = folder.with_name(f".{folder.name}{TEMPORARY_MARK}")
    shutil.rmtree(temporary, ignore_errors=True)
    with write_faults(folder):
        networks = [_write_network(graph, temporary) for graph in sorted((bundle / GRAPHS).glob("*.onnx"))]
        name = _write_ensemble(bundle, temporary, networks)
        temporary.replace(folder)
    return [name, *(network["model"] for network in networks)]


def _write_network(graph: Path, folder: Path) -> dict[str, Any]:
    """Write the model of a graph, and return the parameters of calls to it."""
    inputs, outputs = _tensors(graph)
    place = folder / graph.stem / "1"
    place.mkdir(parents=True)
    shutil.copyfile(graph, place / "model.onnx")
    _write_config(place.parent, "onnxruntime", ROWS_AT_ONCE, inputs, outputs, ONE_THREAD)
    (entering, _, shape), (leaving, _, _) = *inputs, *outputs
    return {
        "graph": f"{GRAPHS}{graph.name}",
        "model": graph.stem,
        "source": entering,
        "target": leaving,
        "axes": 1 + len(shape),
    }


def _write_ensemble(bundle: Path, folder: Path, networks: Sequence[Mapping[str, Any]]) -> str:
    """Write the model that calls the others, and return its name."""
    description = json.loads((bundle / DESCRIPTION).read_text(encoding="utf-8"))
    place = folder / f"hbac-{description['experiment']}" / "1"
    _copy_without_graphs(bundle, place / "bundle")
    shutil.copyfile(MODEL, place / "model.py")
    write_json(place / NETWORKS, networks)
    arrays = [(name, "TYPE_FP32", shape) for name, shape in SHAPES.items()]
    answers = [
        ("probabilities", "TYPE_FP64", (len(CLASSES),)),
        ("members", "TYPE_FP64", (len(description["members"]), len(CLASSES))),
    ]
    _write_config(place.parent, "python", BATCH_SIZE, arrays, answers, optional=True)
    return place.parent.name


def _tensors(graph: Path) -> tuple[list[Tensor], list[Tensor]]:
    """Return the inputs and outputs of an ONNX graph, all with rows as the first axis."""
    import onnx

    described = onnx.load(graph).graph
    return [_tensor(graph, one) for one in described.input], [_tensor(graph, one) for one in described.output]


def _tensor(graph: Path, value: Any) -> Tensor:
    kind = value.type.tensor_type
    rows, *shape = kind.shape.dim
    if kind.elem_type not in TYPES or rows.dim_value or not all(axis.dim_value for axis in shape):
        expected = "tensors float32 with any number of rows and all other axes fixed"
        raise HbacError(f"{graph}, {value.name}: expected {expected}, found another; export the bundle again")
    return value.name, TYPES[kind.elem_type], [axis.dim_value for axis in shape]


def _write_config(
    folder: Path,
    backend: str,
    most_rows: int,
    inputs: Iterable[Tensor],
    outputs: Iterable[Tensor],
    more: str = "",
    *,
    optional: bool = False,
) -> None:
    """Write config.pbtxt."""
    lines = [f'name: "{folder.name}"', f'backend: "{backend}"', f"max_batch_size: {most_rows}"]
    for word, tensors in (("input", inputs), ("output", outputs)):
        left_out = " optional: true" if optional and word == "input" else ""
        for name, kind, shape in tensors:
            lines.append(f'{word} {{ name: "{name}" data_type: {kind} dims: {list(shape)}{left_out} }}')
    lines.append(f"dynamic_batching {{ max_queue_delay_microseconds: {QUEUE_MICROSECONDS} }}")
    with atomic_write(folder / "config.pbtxt") as temporary:
        temporary.write_text("".join(f"{line}\n" for line in filter(None, [*lines, more])), encoding="utf-8")


def _copy_without_graphs(bundle: Path, target: Path) -> None:
    """Copy a bundle without its graphs, with the checksums of the other files."""
    shutil.copytree(bundle, target, ignore=shutil.ignore_patterns("*.onnx", "__pycache__", CHECKSUMS))
    names = sorted(file.relative_to(target).as_posix() for file in target.rglob("*") if file.is_file())
    (target / CHECKSUMS).write_text("".join(f"{file_digest(target / name)}  {name}\n" for name in names))
