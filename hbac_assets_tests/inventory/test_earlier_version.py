"""A store of an earlier version: files that are no longer read are freed, those to be replaced are not."""

import json

import pytest

from hbac_assets.inventory.freeing import free, plan
from hbac_assets.inventory.layout import Kind
from hbac_assets.inventory.references import LoggedRun
from hbac_assets_tests.inventory import stores
from hbac_assets_tests.inventory.stores import KEY


@pytest.fixture
def earlier(folder):
    """The store as the version left it whose settings counted with their defaults.

    Recipes had other names, inputs other fingerprints, cells two more facts. Before that, data sets bore the name of
    their folder, and records its path.
    """
    store = folder / "store"
    for table in (store / KEY).glob("**/eeg_spectrograms/*.parquet"):
        for path in (table, table.with_suffix(""), table.with_name(f"{table.name}.manifest.json")):
            path.rename(path.with_name(path.name.replace(table.stem, "mel-00c0ffee")))
    for manifest in store.rglob("*.manifest.json"):
        sealed = json.loads(manifest.read_text()) | {"inputs": "as it counted them"}
        if manifest.name.startswith("fold_"):
            sealed["facts"] |= {"val_loss": 0.5, "scored_epoch": 3}
        manifest.write_text(json.dumps(sealed))
    download = "my download (2)-89abcdef"
    stores.write(store / download / "train_metadata.parquet", store / download / "spectrograms" / "1.npy")
    stores.write(store / download / "mine" / "models" / "small" / "fold_0" / "best.keras")
    record = store / "competition_data" / f"{download}.json"
    record.write_text(json.dumps({"folder": "/data/my download (2)", "fingerprint": "89abcdef89abcdef"}))
    return folder


def test_it_is_out_of_date_and_stays_where_it_is_made_anew(earlier):
    inventory = stores.look(earlier)
    states = {thing.place: state for thing, state in inventory.states().items()}
    mine = stores.lineage(earlier, stores.experiment("mine", "small", "eeg_small"))
    there = [one for one in mine.artifacts if one.path in states]
    assert len(there) == len(mine.artifacts) - 2  # the recipes have other names
    assert {states[one.path] for one in there} == {"out of date"}
    of_mine = [thing for thing in inventory.verdicts if (thing.dataset, thing.experiment) == (KEY, "mine")]
    assert all(inventory.verdicts[thing].kept for thing in of_mine)


def test_what_nothing_reads_any_more_is_freed(earlier):
    inventory = stores.look(earlier)
    planned = plan(inventory.holdings, inventory.verdicts)
    places = {str(thing.place.relative_to(earlier / "store")) for thing in planned.files if thing.kind != Kind.PROGRAMS}
    old = {place for place in places if "gone" not in place}
    download = "my download (2)-89abcdef"
    assert old == {
        f"{KEY}/eeg_spectrograms/mel-00c0ffee.parquet",
        f"{KEY}/test/{stores.TEST}/eeg_spectrograms/mel-00c0ffee.parquet",
        f"{download}/train_metadata.parquet",
        f"{download}/spectrograms.parquet",
        f"{download}/mine/models/small/fold_0",
        f"competition_data/{download}.json",
    }
    free(planned, inventory.places)
    assert not (earlier / "store" / download).exists()


def test_runs_of_that_version_keep_its_models(earlier):
    run = LoggedRun("mine", "89abcdef89abcdef", Kind.MODEL, "small", 0)
    inventory = stores.look(earlier, runs=[run])
    (model,) = (thing for thing in inventory.verdicts if thing.kind == Kind.MODEL and thing.dataset != KEY)
    assert inventory.verdicts[model].kept
