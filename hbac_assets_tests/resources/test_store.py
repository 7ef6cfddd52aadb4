"""One run at a time makes a thing of the store."""

from hbac_assets.resources.store import Store


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
