"""Only one run at a time makes an artifact of the store."""

import os

import pytest

from hbac_assets.errors import HbacError
from hbac_assets.resources.paths import PROJECT_FOLDER
from hbac_assets.resources.store import Store

MINE = f"process {os.getpid()} of {PROJECT_FOLDER}"


def test_who_comes_second_waits_for_the_first(tmp_path):
    store, said = Store(folder=str(tmp_path)), []
    first = store.exclusive(tmp_path / "data", "oof_predictions", said.append)

    def say(line):
        said.append(line)
        first.__exit__(None, None, None)

    first.__enter__()
    with (
        store.exclusive(tmp_path / "data", "ensemble", say),
        store.exclusive(tmp_path / "other", "oof_predictions", say),
    ):
        assert said == []
    with store.exclusive(tmp_path / "data", "oof_predictions", say):
        pass
    assert said == ["waiting for oof_predictions, being made by this run"]


def test_a_store_that_is_in_use_is_not_to_be_had_undisturbed(tmp_path):
    store = Store(folder=str(tmp_path))
    refused = rf"{tmp_path}: expected a store in which nothing runs, found {store.users_lock} held; let it end"
    with store.in_use(pytest.fail):
        with store.in_use(pytest.fail), pytest.raises(HbacError, match=refused), store.undisturbed():
            pass
        with pytest.raises(HbacError, match=refused), store.undisturbed():
            pass
    with store.undisturbed():
        pass


def test_a_run_of_an_earlier_version_holds_nothing_but_the_lock_of_what_it_makes(tmp_path):
    store = Store(folder=str(tmp_path))
    with store.exclusive(tmp_path / "data" / "mine", "small__fold_0", pytest.fail):
        held = rf"--small__fold_0\.lock held by {MINE}; let it end"
        with pytest.raises(HbacError, match=held), store.undisturbed():
            pass
    with store.undisturbed():
        pass


def test_a_run_waits_until_the_store_is_undisturbed_no_longer(tmp_path):
    store, said = Store(folder=str(tmp_path)), []
    undisturbed = store.undisturbed()
    undisturbed.__enter__()

    def say(line):
        said.append(line)
        undisturbed.__exit__(None, None, None)

    with store.in_use(say):
        assert said == [f"{tmp_path}: pruned, or filled from a mirror, by {MINE}; waiting"]
