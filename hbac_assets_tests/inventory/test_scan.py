"""Everything in a store and beside it is found once, with its thing, and no link is followed."""

import os
from pathlib import Path

import pytest

from hbac_assets.inventory.layout import Kind
from hbac_assets.inventory.scan import LINK, NOT_OURS, UNREADABLE, scan
from hbac_assets_tests.inventory import stores

CELL = f"store/{stores.KEY}/mine/models/small/fold_0"


def others(folder):
    found = scan(stores.places(folder)).others
    return {str(path.relative_to(folder)): why for path, why in found.items()}


def test_every_file_of_a_store_belongs_to_a_thing(folder):
    holdings = scan(stores.places(folder))
    assert holdings.others == {}
    found = sorted(file for files in holdings.things.values() for file in files)
    assert found == sorted(file for file in folder.rglob("*") if file.is_file() and file.name != "mine.yaml")


def test_what_the_project_did_not_write_is_named(folder):
    for name in ("store/notes.txt", f"{CELL}/notes.txt", "synthetic/mine/train.csv", "cache/jax/own.bin"):
        stores.write(folder / name)
    os.mkfifo(folder / "store" / "pipe")
    named = ("store/notes.txt", f"{CELL}/notes.txt", "synthetic/mine/train.csv", "cache/jax/own.bin", "store/pipe")
    assert others(folder) == dict.fromkeys(named, NOT_OURS)


def test_a_file_that_a_manifest_lists_is_part_of_the_thing(folder):
    lineage = stores.lineage(folder, stores.experiment("mine", "small", "eeg_small"))
    cell = lineage.cell(lineage.cells[0])
    stores.write(cell.path / "of_a_later_version.onnx")
    assert others(folder) == {f"{CELL}/of_a_later_version.onnx": NOT_OURS}
    cell.seal()
    assert others(folder) == {}
    (files,) = (files for thing, files in scan(stores.places(folder)).things.items() if thing.place == cell.path)
    assert cell.path / "of_a_later_version.onnx" in files


def test_links_are_named_and_not_followed(folder):
    away = folder / "away"
    stores.write(away / "synthetic-89abcdef" / "train_metadata.parquet")
    links = {
        "store/synthetic-89abcdef": away / "synthetic-89abcdef",
        f"store/{stores.KEY}/spectrograms/2.npy": away / "2.npy",
        "store/circle": folder / "store",
        "synthetic/" + "ab" * 8: folder / "synthetic" / stores.TRAIN,
    }
    for name, target in links.items():
        (folder / name).symlink_to(target)
    assert others(folder) == dict.fromkeys(links, LINK)


def test_folders_beside_the_store_that_are_links_are_not_followed(folder):
    (folder / "synthetic").rename(folder / "away")
    (folder / "synthetic").symlink_to(folder / "away")
    holdings = scan(stores.places(folder))
    assert holdings.others == {folder / "synthetic": LINK}
    assert not any(thing.kind == Kind.SYNTHETIC for thing in holdings.things)


def test_a_place_that_is_not_there_holds_nothing(tmp_path):
    assert scan(stores.places(tmp_path)).things == {}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_cannot_be_read_is_named(folder):
    closed = Path(folder / CELL)
    closed.chmod(0)
    try:
        assert others(folder) == {CELL: UNREADABLE}
    finally:
        closed.chmod(0o700)
