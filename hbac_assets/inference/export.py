"""Writing a bundle: the graphs of the submitted ensemble, and everything else needed to predict."""

import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import distribution, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hbac_assets.competition.metadata import class_prior
from hbac_assets.inference.bundle import CHECKSUMS, DESCRIPTION, FORMAT, installed_version
from hbac_assets.inference.carrying import carried_modules
from hbac_assets.inference.forms import DEFAULT, Form, Runtime
from hbac_assets.inference.graphs import compare_graph, export_graphs, in_single_precision, require_alike
from hbac_assets.inference.model_card import model_card
from hbac_assets.inference.networks import open_network
from hbac_assets.labels import CLASSES, PROBABILITY_COLUMNS
from hbac_assets.learning.prediction import MODELS
from hbac_assets.lineage import Cell, Lineage
from hbac_assets.scoring.blend_files import NETWORK, load_blend
from hbac_assets.scoring.blends import StoredBlend, to_json
from hbac_assets.scoring.stacked_blend import NetworkBlend, StackedBlend
from hbac_assets.store.files import atomic_write, file_digest, write_json
from hbac_assets.store.tables import read_table

EXTRAS: Mapping[Runtime, str] = {"onnx": "bundle", "litert": "litert"}
EXPORTING: Mapping[Runtime, Sequence[str]] = {"onnx": ("tf2onnx", "onnx", "onnxruntime"), "litert": ("ai_edge_litert",)}
RUNNING = ("numpy", "scipy", "pyarrow")
COMPUTING: Mapping[Runtime, str] = {"onnx": "onnxruntime", "litert": "ai-edge-litert"}
DENOISING = "PyWavelets"
TENSORFLOW = "tensorflow-cpu" if sys.platform == "linux" else "tensorflow"
RECORDED: Mapping[Runtime, Sequence[str]] = {"onnx": ("tf2onnx", "onnx"), "litert": (TENSORFLOW,)}


class Windows(NamedTuple):
    """Windows on which a graph and its model are compared.

    Attributes:
        images: float16 (N, ...), inputs of the member.
        shares: (N, 6), their vote fractions.
    """

    images: np.ndarray
    shares: np.ndarray


def missing_extra(form: Form = DEFAULT) -> str:
    """Return a line on missing packages of the export; empty if all are installed."""
    missing = [name for name in EXPORTING[form.runtime] if find_spec(name) is None]
    if not missing:
        return ""
    extra = EXTRAS[form.runtime]
    found = f"expected the packages of the extra {extra}, found no {', '.join(missing)}"
    return f"inference_bundle: {found}; install hbac-assets[{extra}]"


def export_bundle(
    lineage: Lineage,
    folder: Path,
    windows: Callable[[Cell], Windows],
    scores: Sequence[Mapping[str, Any]],
    say: Callable[[str], None],
    form: Form = DEFAULT,
) -> dict[str, float]:
    """Write the bundle of the submitted ensemble into an empty folder, and return the differences of its graphs.

    Args:
        lineage: of the experiment.
        folder: of the bundle.
        windows: from a cell to windows that its model was not trained on, for the comparison of graph and model.
        scores: the records of models in the ensembles' `Evaluation`.
        say: called with a line for each graph.
        form: the form of the graphs.

    Raises:
        HbacError: a model is missing or changed, cannot be exported, or its graph gives other results.
    """
    stored = load_blend(lineage.blend_folder(lineage.experiment.submitted))
    cells = [Cell(name, fold) for name in stored.members for fold in range(lineage.experiment.folds)]
    differences = _write_graphs(lineage, folder, cells, windows, say, form)
    if isinstance(stored.blend.blend, StackedBlend):
        differences[stacking_graph(form)] = _write_stacking(lineage, folder, stored, say, form)
    description = _description(lineage, stored, form) | {"scores": list(scores), "differences": differences}
    write_json(folder / DESCRIPTION, description)
    requirements = "".join(f"{name}=={version(name)}\n" for name in required(lineage, form))
    texts = {"MODEL_CARD.md": model_card(description), "LICENSE": _licence(), "requirements.txt": requirements}
    for name, text in {**carried_modules(), **texts}.items():
        _write(folder / name, text)
    names = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
    _write(folder / CHECKSUMS, "".join(f"{file_digest(folder / name)}  {name}\n" for name in names))
    return differences


def required(lineage: Lineage, form: Form = DEFAULT) -> tuple[str, ...]:
    """Return the packages that the bundle needs."""
    recipes = [lineage.experiment.members[name].preprocessing.eeg for name in lineage.submitted_members]
    running = (*RUNNING, COMPUTING[form.runtime])
    return (*running, DENOISING) if any(recipe and recipe.denoising for recipe in recipes) else running


def graph_of(cell: Cell, form: Form = DEFAULT) -> str:
    """Return the path of a cell's graph within the bundle."""
    return f"graphs/{cell.key}{form.suffix}"


def stacking_graph(form: Form = DEFAULT) -> str:
    """Return the path of a stacking network's graph within the bundle."""
    return f"graphs/stacking{form.suffix}"


def _write_graphs(
    lineage: Lineage,
    folder: Path,
    cells: Sequence[Cell],
    windows: Callable[[Cell], Windows],
    say: Callable[[str], None],
    form: Form,
) -> dict[str, float]:
    differences = {}
    with tempfile.TemporaryDirectory() as temporary:
        models = {cell: in_single_precision(_model(lineage, cell), Path(temporary) / cell.key) for cell in cells}
        export_graphs({folder / graph_of(cell, form): model for cell, model in models.items()}, say, form)
        for cell, model in models.items():
            images, shares = windows(cell)
            graph, what = graph_of(cell, form), f"{cell.member} fold {cell.fold}"
            differences[graph] = compare_graph(
                folder / graph, model, images, what, form, None if form.is_exact else shares
            )
    return differences


def _model(lineage: Lineage, cell: Cell) -> Path:
    return lineage.cell(cell).require() / MODELS[lineage.experiment.members[cell.member].scored_epoch]


def _write_stacking(
    lineage: Lineage, folder: Path, stored: StoredBlend, say: Callable[[str], None], form: Form
) -> float:
    """Write the graph of the stacking network, and compare its blend of the out-of-fold predictions."""
    network, graph = lineage.blend_folder(lineage.experiment.submitted) / NETWORK, folder / stacking_graph(form)
    export_graphs({graph: network}, say, form)
    oof = read_table(lineage.oof)
    members = [oof.loc[oof["member"] == member, list(PROBABILITY_COLUMNS)].to_numpy() for member in stored.members]
    blend = stored.blend.blend
    assert isinstance(blend, StackedBlend)
    blended = NetworkBlend(blend.features, open_network(graph.name, graph.read_bytes()))
    return require_alike(blended(np.stack(members)), blend(np.stack(members)), "stacking network", form)


def _description(lineage: Lineage, stored: StoredBlend, form: Form) -> dict[str, Any]:
    experiment = lineage.experiment
    rows = read_table(lineage.folds)
    members = {
        name: {
            "backbone": settings.backbone,
            "recipe": settings.preprocessing.model_dump(mode="json"),
            "test_time": settings.test_time.model_dump(mode="json") if settings.test_time else None,
            "graphs": [graph_of(Cell(name, fold), form) for fold in range(experiment.folds)],
        }
        for name, settings in ((name, experiment.members[name]) for name in stored.members)
    }
    return {
        "format": FORMAT,
        "version": installed_version(),
        "experiment": experiment.name,
        "ensemble": experiment.submitted,
        "data": {
            "name": lineage.dataset.key,
            "fingerprint": lineage.dataset.fingerprint,
            "rows": len(rows),
            "patients": int(rows["patient_id"].nunique()),
        },
        "classes": list(CLASSES),
        "members": members,
        "blend": to_json(stored),
        "precision": form.precision,
        "stacking": stacking_graph(form) if isinstance(stored.blend.blend, StackedBlend) else None,
        "prior": class_prior(rows).tolist(),
        "versions": {name: version(name) for name in _recorded(lineage, form)},
    }


def _recorded(lineage: Lineage, form: Form) -> tuple[str, ...]:
    return (*required(lineage, form), "keras", "keras-cv", "jax", *RECORDED[form.runtime])


def _licence() -> str:
    text = distribution("hbac-assets").read_text("licenses/LICENSE")
    assert text
    return text


def _write(path: Path, text: str) -> None:
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
