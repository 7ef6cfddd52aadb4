"""Exactly the planned files are freed, and the remains after a kill never look complete."""

import os
import subprocess
import sys

import pytest

from hbac_assets.errors import HbacError
from hbac_assets.inventory.freeing import free, plan
from hbac_assets.inventory.layout import Kind
from hbac_assets.store.files import atomic_write
from hbac_assets_tests.inventory import stores
from hbac_assets_tests.projects import CHECKOUT


def free_unused(folder):
    inventory = stores.look(folder)
    planned = plan(inventory.holdings, inventory.verdicts)
    named = {str(file.relative_to(folder)) for files in planned.files.values() for file in files}
    free(planned, inventory.places)
    return named


def spoil(folder):
    """Add something of each kind that is freed."""
    mine = stores.experiment("mine", "small", "eeg_small")
    old = stores.dataset(folder, train="89abcdef89abcdef")
    stores.make(stores.lineage(folder, mine, old))
    stores.make_synthetic(folder, old.fingerprint)
    stores.write_file(folder / "mine.yaml", stores.experiment("mine", "small"))
    stores.write(folder / "store" / old.key / "mine" / "search" / "trials.db")
    stores.write(folder / "store" / stores.KEY / "mine" / ".oof.0a1b2c3d.partial.parquet")


def test_what_is_named_is_gone_and_all_else_is_as_it_was(folder):
    spoil(folder)
    before = stores.tree(folder)
    named = free_unused(folder)
    after = stores.tree(folder)
    assert set(before) - set(after) == named
    assert after == {name: content for name, content in before.items() if name not in named}
    assert [one for one in folder.rglob("*") if one.is_dir() and not any(one.iterdir())] == [folder / "cache" / "jax"]
    assert free_unused(folder) == set()


def test_folders_stay_in_which_something_is_left(folder):
    note = folder / "store" / stores.KEY / "gone" / "models" / "small" / "fold_0" / "notes.txt"
    stores.write(note)
    free_unused(folder)
    assert [path for path in note.parents[3].rglob("*") if path.is_file()] == [note]
    assert {one.name for one in (folder / "cache").iterdir()} == {"jax"}


def test_a_link_is_not_followed_and_not_deleted(folder):
    away = folder / "away"
    stores.write(away / "train_metadata.parquet")
    link = folder / "store" / "synthetic-89abcdef"
    link.symlink_to(away)
    free_unused(folder)
    assert link.is_symlink()
    assert [one.name for one in away.iterdir()] == ["train_metadata.parquet"]


def test_what_is_being_written_stays(folder):
    path = folder / "store" / stores.KEY / "mine" / "oof.parquet"
    with atomic_write(path) as temporary:
        temporary.write_text("whole")
        free_unused(folder)
        assert temporary.exists()
    assert path.read_text() == "whole"


def test_what_cannot_be_deleted_is_told_in_one_line(folder, monkeypatch):
    if os.geteuid() == 0:
        pytest.skip("root may delete everything")
    closed = folder / "store" / stores.KEY / "gone"
    closed.chmod(0o500)
    with pytest.raises(HbacError, match=r"gone/\S+: cannot be written \(Permission denied\); make it writable"):
        free_unused(folder)
    closed.chmod(0o700)


def moments(folder):
    """Return how many files are gone when the first file of a thing is, for one thing of each kind."""
    inventory = stores.look(folder)
    first, number = {}, 0
    for thing, files in plan(inventory.holdings, inventory.verdicts).files.items():
        first.setdefault((thing.kind, thing.test), number + 1)
        number += len(files)
    return list(first.values())


@pytest.mark.long
def test_whenever_it_is_killed_nothing_looks_whole_that_is_not_and_the_rest_is_freed_later(folder, tmp_path_factory):
    copies = tmp_path_factory.mktemp("copies")
    spoil(folder)
    numbers = list(map(str, moments(folder)))
    command = [sys.executable, "-m", "hbac_assets_tests.inventory.killing", str(folder), str(copies), *numbers]
    subprocess.run(command, cwd=CHECKOUT, check=True)
    free_unused(folder)
    wanted, broken = stores.tree(folder), 0
    for number in numbers:
        copy = copies / number
        for artifact in artifacts_of(copy):
            whole = all(file.is_file() for file in stores.files_of(artifact))
            broken += not whole
            assert whole or artifact.state() != "current"
        for data in (copy / "synthetic").iterdir():
            assert not (data / "sample_submission.csv").exists() or (data / "train_eegs" / "1.parquet").exists()
        free_unused(copy)
        assert stores.tree(copy) == wanted
    assert broken > len(numbers) > 12


def artifacts_of(folder):
    """Return the artifacts of all that is freed by `spoil`, as those who know their experiments see them."""
    mine, gone = stores.experiment("mine", "small", "eeg_small"), stores.experiment("gone", "small", "other")
    old = stores.dataset(folder, train="89abcdef89abcdef")
    pairs = ((mine, None), (gone, None), (mine, old))
    return [artifact for one, data in pairs for artifact in stores.lineage(folder, one, data).artifacts]


def test_space_is_counted_once_and_only_what_comes_free(folder):
    gone = folder / "store" / stores.KEY / "gone"
    inventory = stores.look(folder)
    before = plan(inventory.holdings, inventory.verdicts).usage
    large = gone / "models" / "small" / "fold_0" / "last.keras"
    large.write_bytes(os.urandom(100_000))
    with (gone / "oof.parquet").open("ab") as file:
        file.truncate(10_000_000)  # a hole
    best = large.with_name("best.keras")
    best.unlink()
    best.hardlink_to(large)
    usage = plan(inventory.holdings, inventory.verdicts).usage
    grown = usage.freed - before.freed
    assert 90_000 < grown < 110_000
    (folder / "elsewhere").hardlink_to(large)
    linked = plan(inventory.holdings, inventory.verdicts).usage
    assert linked.size == usage.size
    assert linked.freed == usage.freed - large.stat().st_blocks * 512
    (model,) = (one for one in inventory.holdings.things if one.place == large.parent and one.kind == Kind.MODEL)
    assert inventory.usage[model].size < 130_000
