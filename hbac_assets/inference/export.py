"""Writing a bundle: the graphs of the submitted ensemble, and everything else needed to predict."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import distribution, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from hbac_assets.competition.metadata import class_prior
from hbac_assets.inference.bundle import CHECKSUMS, DESCRIPTION, FORMAT, installed_version
from hbac_assets.inference.carrying import carried_modules
from hbac_assets.inference.graphs import compare_graph, export_graphs, in_single_precision, require_alike
from hbac_assets.inference.model_card import model_card
from hbac_assets.inference.onnx_network import open_network
from hbac_assets.labels import CLASSES, PROBABILITY_COLUMNS
from hbac_assets.learning.prediction import MODELS
from hbac_assets.lineage import Cell, Lineage
from hbac_assets.scoring.blend_files import NETWORK, load_blend
from hbac_assets.scoring.blends import StoredBlend, to_json
from hbac_assets.scoring.stacked_blend import NetworkBlend, StackedBlend
from hbac_assets.store.files import atomic_write, file_digest, write_json
from hbac_assets.store.tables import read_table

STACKING = "graphs/stacking.onnx"
EXPORTING = ("tf2onnx", "onnx", "onnxruntime")
RUNNING = ("numpy", "scipy", "pyarrow", "onnxruntime")
DENOISING = "PyWavelets"
RECORDED = ("keras", "keras-cv", "jax", "tf2onnx", "onnx")


def missing_extra() -> str:
    """Return a line on missing packages of the export; empty if all are installed."""
    missing = [name for name in EXPORTING if find_spec(name) is None]
    if not missing:
        return ""
    found = f"expected the packages of the extra bundle, found no {', '.join(missing)}"
    return f"inference_bundle: {found}; install hbac-assets[bundle]"


def export_bundle(
    lineage: Lineage,
    folder: Path,
    images: Callable[[str], np.ndarray],
    scores: Sequence[Mapping[str, Any]],
    say: Callable[[str], None],
) -> dict[str, float]:
    """Write the bundle of the submitted ensemble into an empty folder, and return the differences of its graphs.

    Args:
        lineage: of the experiment.
        folder: of the bundle.
        images: from a member's name to inputs float16 (N, ...), on which graphs and models are compared.
        scores: the records of models in the ensembles' `Evaluation`.
        say: called with a line for each graph.

    Raises:
        HbacError: a model is missing or changed, cannot be exported, or its graph gives other results.
    """
    stored = load_blend(lineage.blend_folder(lineage.experiment.submitted))
    cells = [Cell(name, fold) for name in stored.members for fold in range(lineage.experiment.folds)]
    differences = _write_graphs(lineage, folder, cells, images, say)
    if isinstance(stored.blend.blend, StackedBlend):
        differences[STACKING] = _write_stacking(lineage, folder, stored, say)
    description = _description(lineage, stored) | {"scores": list(scores), "differences": differences}
    write_json(folder / DESCRIPTION, description)
    requirements = "".join(f"{name}=={version(name)}\n" for name in required(lineage))
    texts = {"MODEL_CARD.md": model_card(description), "LICENSE": _licence(), "requirements.txt": requirements}
    for name, text in {**carried_modules(), **texts}.items():
        _write(folder / name, text)
    names = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
    _write(folder / CHECKSUMS, "".join(f"{file_digest(folder / name)}  {name}\n" for name in names))
    return differences


def required(lineage: Lineage) -> tuple[str, ...]:
    """Return the packages that the bundle needs."""
    recipes = [lineage.experiment.members[name].preprocessing.eeg for name in lineage.submitted_members]
    return (*RUNNING, DENOISING) if any(recipe and recipe.denoising for recipe in recipes) else RUNNING


def graph_of(cell: Cell) -> str:
    """Return the path of a cell's graph within the bundle."""
    return f"graphs/{cell.key}.onnx"


def _write_graphs(
    lineage: Lineage,
    folder: Path,
    cells: Sequence[Cell],
    images: Callable[[str], np.ndarray],
    say: Callable[[str], None],
) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as temporary:
        models = {cell: in_single_precision(_model(lineage, cell), Path(temporary) / cell.key) for cell in cells}
        export_graphs({folder / graph_of(cell): model for cell, model in models.items()}, say)
        inputs = {member: images(member) for member in dict.fromkeys(cell.member for cell in cells)}
        return {
            graph_of(cell): compare_graph(
                folder / graph_of(cell), model, inputs[cell.member], f"{cell.member} fold {cell.fold}"
            )
            for cell, model in models.items()
        }


def _model(lineage: Lineage, cell: Cell) -> Path:
    return lineage.cell(cell).require() / MODELS[lineage.experiment.members[cell.member].scored_epoch]


def _write_stacking(lineage: Lineage, folder: Path, stored: StoredBlend, say: Callable[[str], None]) -> float:
    """Write the graph of the stacking network, and compare its blend of the out-of-fold predictions."""
    network = lineage.blend_folder(lineage.experiment.submitted) / NETWORK
    export_graphs({folder / STACKING: network}, say)
    oof = read_table(lineage.oof)
    members = [oof.loc[oof["member"] == member, list(PROBABILITY_COLUMNS)].to_numpy() for member in stored.members]
    blend = stored.blend.blend
    assert isinstance(blend, StackedBlend)
    graph = NetworkBlend(blend.features, open_network((folder / STACKING).read_bytes()))
    return require_alike(graph(np.stack(members)), blend(np.stack(members)), "stacking network")


def _description(lineage: Lineage, stored: StoredBlend) -> dict[str, Any]:
    experiment = lineage.experiment
    rows = read_table(lineage.folds)
    members = {
        name: {
            "backbone": settings.backbone,
            "recipe": settings.preprocessing.model_dump(mode="json"),
            "test_time": settings.test_time.model_dump(mode="json") if settings.test_time else None,
            "graphs": [graph_of(Cell(name, fold)) for fold in range(experiment.folds)],
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
        "stacking": STACKING if isinstance(stored.blend.blend, StackedBlend) else None,
        "prior": class_prior(rows).tolist(),
        "versions": {name: version(name) for name in (*required(lineage), *RECORDED)},
    }


def _licence() -> str:
    text = distribution("hbac-assets").read_text("licenses/LICENSE")
    assert text
    return text


def _write(path: Path, text: str) -> None:
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
