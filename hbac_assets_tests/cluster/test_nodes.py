"""A node with other code, locks that do not work or another folder refuses its first cell."""

import shutil
from contextlib import contextmanager

import pytest

from hbac_assets_tests.faults.requirements import last_line
from hbac_assets_tests.projects import CHECKOUT

pytestmark = pytest.mark.cluster


@contextmanager
def mounted(node, *options):
    """Mount a file system on a node during the block; the last option is the mount point."""
    done = node.command("mount", *map(str, options))
    assert done.returncode == 0, done.stderr
    try:
        yield
    finally:
        node.command("umount", "--lazy", str(options[-1]))


def refusal(shared):
    """Return the last line of a refused run, which is not retried."""
    done = shared.run()
    assert done.returncode == 1, done.stdout + done.stderr
    assert shared.statuses() == ["FAILURE"]
    assert not any("retrying it" in text for text in done.stderr.splitlines())
    return last_line(done.stderr)


def test_other_code(shared, tmp_path):
    copy = tmp_path / "hbac_assets"
    shutil.copytree(CHECKOUT / "hbac_assets", copy, ignore=shutil.ignore_patterns("__pycache__"))
    with (copy / "labels.py").open("a") as file:
        file.write("# another commit\n")
    with mounted(shared.cluster.worker, "--bind", copy, CHECKOUT / "hbac_assets"):
        line = refusal(shared)
    assert "node-b: expected the code of node-a, where the run was started, found other code in " in line


def test_locks_that_do_not_hold_between_machines(shared, tmp_path):
    store, own = shared.project.folder / "store", tmp_path / "own"
    (own / "upper").mkdir(parents=True)
    (own / "work").mkdir()
    # Files look the same there, but opening one for writing copies it to the node.
    options = f"lowerdir={store},upperdir={own / 'upper'},workdir={own / 'work'}"
    with mounted(shared.cluster.worker, "-t", "overlay", "overlay", "-o", options, store):
        line = refusal(shared)
    assert (
        f"HBAC_STORE: expected a folder whose locks hold on all nodes, found {store}, where node-b took a lock" in line
    )


def test_a_folder_that_is_not_shared(shared, tmp_path):
    store = shared.project.folder / "store"
    copy = shutil.copytree(store, tmp_path / "copy")
    with mounted(shared.cluster.worker, "--bind", copy, store):
        line = refusal(shared)
    assert f"HBAC_STORE: expected a folder that all nodes share, found {store} without run-" in line
