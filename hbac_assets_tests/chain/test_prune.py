"""Pruning a finished project: only compiled programs are deleted, nothing is recomputed, nothing goes during a run."""

import json
import shutil

import pytest

from hbac_assets.inventory.layout import Kind
from hbac_assets_tests.inventory.stores import tree
from hbac_assets_tests.projects import HBAC, make_project, wait_until


@pytest.fixture
def copied(finished, tmp_path):
    """A project elsewhere, with a copy of all that the finished one has."""
    project = make_project(tmp_path / "copied")
    for name in ("store", "synthetic", "cache"):
        shutil.copytree(finished[0].folder / name, project.folder / name)
    shutil.copy(finished[0].folder / "mlflow.db", project.folder)
    return project


def store(project, *arguments):
    """Run `hbac store` and return what it printed."""
    done = project.command(*HBAC, "store", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_everything_that_a_run_leaves_is_known_and_current(copied):
    told = json.loads(store(copied, "--json"))
    assert told["others"] == []
    # Whether there is a bundle, too, depends on the tests before.
    of_data = [one for one in told["things"] if "dataset" in one and one["kind"] != Kind.BUNDLE]
    assert len(of_data) == 16
    assert {one["path"] for one in of_data if one["state"] != "current"} == {f"{copied.results}/models.parquet"}


def test_only_compiled_programs_go(copied):
    before = tree(copied.folder)
    assert "freed " in store(copied, "prune", "--yes")
    after = tree(copied.folder)
    lost = before.keys() - after.keys()
    assert lost
    assert all(name.startswith("cache/jax/") for name in lost)
    changed = {name for name, content in after.items() if content != before.get(name)}
    assert all(name.startswith("store/locks/") for name in changed)  # who held them last


@pytest.mark.long
def test_after_it_a_run_makes_nothing_again_and_beside_it_nothing_is_freed(copied):
    removed = copied.results / "models" / "removed_member" / "fold_0"
    shutil.copytree(copied.results / "models" / "mobilenet_v3_small" / "fold_0", removed)
    store(copied, "prune", "--yes")
    assert not removed.parent.exists()
    shutil.copytree(copied.results / "models" / "mobilenet_v3_small" / "fold_0", removed)

    log = copied.folder / "started.log"
    run = copied.start_run()
    wait_until(lambda: "RUN_START" in log.read_text() or "competition_data" in log.read_text(), run)
    done = copied.command(*HBAC, "store", "prune", "--yes")
    assert run.poll() is None, "the run was over before it was asked"
    assert done.returncode == 1
    results = copied.folder / "store"
    assert done.stderr == (
        f"\n{results}: expected a store in which nothing runs, found {results}/locks/store.lock held; let it end\n"
    )
    assert removed.is_dir()
    assert run.wait() == 0
    assert "0 of 4 cells to train" in log.read_text()
    store(copied, "prune", "--yes")
    assert not removed.parent.exists()
