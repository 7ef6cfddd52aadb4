"""The folder of device locks: owned by this user, and planted links are not followed."""

import os

import pytest

from hbac_assets.errors import HbacError
from hbac_assets.resources import machine_locks as module
from hbac_assets.resources.machine_locks import machine_locks
from hbac_assets.store.locks import hold_any

NAME = f"hbac_assets-{os.getuid()}"


@pytest.fixture
def places(tmp_path, monkeypatch):
    folders = [tmp_path / name for name in ("first", "second", "temporary")]
    for folder in folders:
        folder.mkdir()
    monkeypatch.setattr(module, "PLACES", [str(folder) for folder in folders[:2]])
    monkeypatch.setattr(module.tempfile, "tempdir", str(folders[2]))
    return folders


def test_the_temporary_folder_does_not_matter_and_others_are_kept_out(places, monkeypatch, tmp_path):
    folder = machine_locks()
    assert folder == places[0] / NAME
    assert folder.stat().st_mode & 0o777 == 0o700
    monkeypatch.setattr(module.tempfile, "tempdir", str(tmp_path))
    folder.chmod(0o777)
    assert machine_locks() == folder
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_link_in_its_place_is_not_followed(places, tmp_path):
    (places[0] / NAME).symlink_to(tmp_path)
    before = tmp_path.stat().st_mode
    assert machine_locks() == places[1] / NAME
    assert tmp_path.stat().st_mode == before


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder to somebody else")
def test_a_folder_of_somebody_else_is_not_used(places):
    (places[0] / NAME).mkdir(mode=0o777)
    os.chown(places[0] / NAME, 12345, 12345)
    assert machine_locks() == places[1] / NAME


def test_without_a_place_one_line_names_them(places):
    for folder in places:
        (folder / NAME).touch()
    with pytest.raises(HbacError, match=f"^{NAME}: expected a folder of this user's own in one of {places[0]}, .*"):
        machine_locks()


def test_a_planted_link_is_not_written_through(tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("precious")
    lock = tmp_path / "gpu-0.lock"
    lock.symlink_to(precious)
    with pytest.raises(HbacError, match=f"{lock}: cannot be written"), hold_any([lock], pytest.fail):
        pass
    assert precious.read_text() == "precious"
