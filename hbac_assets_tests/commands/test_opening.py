"""The opening lines of a run, in particular the estimated time."""

import json

import pytest

from hbac_assets.commands.opening import opening
from hbac_assets.commands.terminal import duration
from hbac_assets.lineage import Cell
from hbac_assets.resources.accelerator import Accelerator
from hbac_assets.resources.competition import CompetitionData
from hbac_assets.resources.experiment import ExperimentChoice
from hbac_assets.resources.store import Store
from hbac_assets.resources.views import Workspace

NOT_KNOWN = "not known until the first models train"


def opened(competition, store, experiment):
    lines = opening(Workspace(competition, store, experiment), Accelerator(device="cpu"))
    return {name: text.strip() for name, _, text in (line.partition(" ") for line in lines)}


def change(artifact, environment=None, **changed):
    """Change the manifest of an artifact, and of its facts the environment."""
    manifest = json.loads(artifact.manifest_path.read_text()) | changed
    manifest["facts"]["environment"] |= environment or {}
    artifact.manifest_path.write_text(json.dumps(manifest))


def test_a_first_run_invents_no_duration(tmp_path):
    store = Store(folder=str(tmp_path / "store"))
    lines = opened(CompetitionData(folder="/a/download", synthetic_recordings=48), store, ExperimentChoice(name="odu"))
    assert lines["experiment"] == "odu: 2 members × 5 folds, 10 models"
    assert lines["data"] == "/a/download"
    assert lines["device"].startswith("CPU, ")
    assert lines["time"] == NOT_KNOWN
    assert lines["results"] == f"{tmp_path}/store"


def test_trained_cells_take_no_time(resources):
    assert opened(**resources)["time"] == "all 4 models are trained already, and only checked"


@pytest.mark.parametrize("missing", [1, 2])
def test_the_time_left_follows_from_models_trained_here(resources, lineage, missing):
    cells = [lineage.cell(Cell("mobilenet_v3_small", fold)) for fold in (0, 1)]
    seconds = max(cell.facts()["seconds"] for cell in cells)  # two at a time
    for cell in cells[:missing]:
        change(cell, inputs="others")
    side_by_side = min(Accelerator(device="cpu").cells_side_by_side(), missing)
    expected = (
        f"about {duration(missing * seconds / side_by_side)} of training: {missing} of 4 models, by those trained"
    )
    assert opened(**resources)["time"].startswith(expected)


@pytest.mark.parametrize("environment", [{"cores": 1000}, {"device": "NVIDIA H100"}], ids=["cores", "device"])
def test_durations_of_other_machines_do_not_count(resources, lineage, environment):
    for fold in (0, 1):
        change(lineage.cell(Cell("mobilenet_v3_small", fold)), environment, inputs="others")
    assert opened(**resources)["time"] == NOT_KNOWN
