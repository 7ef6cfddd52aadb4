"""A finished store copied or moved with its data: everything is current, and nothing is recomputed."""

import shutil

import pytest

from hbac_assets.lineage import Lineage
from hbac_assets.resources.competition import CompetitionData
from hbac_assets.resources.experiment import ExperimentChoice
from hbac_assets.resources.store import Store
from hbac_assets.resources.views import Workspace
from hbac_assets.store.artifact import Artifact
from hbac_assets_tests.projects import RECORDINGS, make_project


@pytest.fixture
def copied(finished, tmp_path):
    """A project elsewhere, with a copy of the finished one's results and data only."""
    project = make_project(tmp_path / "far" / "away")
    for name in ("store", "synthetic"):
        shutil.copytree(finished[0].folder / name, project.folder / name)
    return project


def artifacts(lineage: Lineage) -> list[Artifact]:
    """Return every artifact of the experiment."""
    return [
        lineage.train_metadata,
        lineage.test_rows,
        lineage.spectrograms(),
        lineage.spectrograms("test"),
        lineage.folds,
        *map(lineage.cell, lineage.cells),
        lineage.oof,
        lineage.ensemble,
        lineage.submission,
        lineage.report,
    ]


def manifests(store):
    """Return the manifest of each result, its content and when it was written."""
    return {
        path.relative_to(store): (path.read_text(), path.stat().st_mtime_ns) for path in store.rglob("*.manifest.json")
    }


def test_every_artifact_of_a_copied_store_is_current(copied):
    workspace = Workspace(
        CompetitionData(synthetic_recordings=RECORDINGS),
        Store(folder=str(copied.folder / "store")),
        ExperimentChoice(miniature=True),
    )
    lineage = workspace.lineage()
    assert lineage.dataset.folder.is_relative_to(copied.folder)
    assert [one.path for one in artifacts(lineage) if not one.is_current()] == []
    assert all(one.path.is_relative_to(copied.folder) for one in artifacts(lineage))


def test_no_file_of_the_store_names_its_folder(finished):
    folder = finished[0].folder
    named = [
        file
        for file in (folder / "store").rglob("*")
        if file.suffix in {".json", ".csv", ".yaml", ".txt", ".parquet"} and str(folder).encode() in file.read_bytes()
    ]
    assert named == []


@pytest.mark.long
def test_a_run_in_a_copied_store_makes_nothing_again(copied):
    before = manifests(copied.folder / "store")
    done = copied.run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 of 4 cells to train" in done.stderr
    assert "epoch " not in done.stderr
    assert manifests(copied.folder / "store") == before
